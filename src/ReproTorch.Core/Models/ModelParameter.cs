using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Parameter or buffer.</summary>
public enum ModelParameterKind
{
    /// <summary>What training changes.</summary>
    Parameter,

    /// <summary>What the model keeps beside, such as running means.</summary>
    Buffer,
}

/// <summary>A parameter or buffer of a model as it was when it was asked for.</summary>
public sealed class ModelParameter
{
    private readonly TorchModel _model;

    internal ModelParameter(TorchModel model, ModelTensor tensor, ModelParameterKind kind)
    {
        _model = model;
        Name = tensor.Name;
        Kind = kind;
        DType = tensor.DType;
        Shape = tensor.Shape;
        Device = tensor.Device;
        RequiresGrad = tensor.RequiresGrad;
        using TorchTensor now = Tensor;
        Hash = now.ContentHash();
    }

    /// <summary>Its dotted name, as in Python's state_dict().</summary>
    public string Name { get; }

    /// <summary>Parameter or buffer.</summary>
    public ModelParameterKind Kind { get; }

    /// <summary>PyTorch's name of its dtype.</summary>
    public string DType { get; }

    /// <summary>Its sizes.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count => TensorData.ElementCount(Shape);

    /// <summary>Where it is.</summary>
    public string Device { get; }

    /// <summary>Whether gradients are recorded for it.</summary>
    public bool RequiresGrad { get; }

    /// <summary>XXH3-128 over dtype, shape and bytes, in hex, as they were.</summary>
    public string Hash { get; }

    /// <summary>The tensor itself, as it is now; shares memory with the model.</summary>
    public TorchTensor Tensor => _model.Tensor(Name);

    /// <summary>Name, dtype and shape.</summary>
    public override string ToString() => $"{Name} {DType} ({string.Join(", ", Shape)})";
}
