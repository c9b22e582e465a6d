using System.Management.Automation;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Lets a dtype be given as PyTorch's names have it: <c>float32</c>, <c>torch.float32</c>, <c>float</c>, <c>long</c>.</summary>
internal sealed class DTypeTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = Unwrap.Value(inputData);
        return value switch
        {
            DType => value,
            string text when DTypes.TryParse(text, out DType dtype) => dtype,
            _ => throw new ArgumentTransformationMetadataException(
                $"'{value}' is no data type. Expected one of: {string.Join(", ", Enum.GetNames<DType>())}."),
        };
    }
}
