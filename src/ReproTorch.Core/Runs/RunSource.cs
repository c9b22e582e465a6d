using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Runs;

/// <summary>Reads whatever can stand for runs in a comparison.</summary>
public static class RunSource
{
    /// <summary>The runs of a file or folder: a run file, every run file of a folder, or a file of tensors as one run.</summary>
    /// <exception cref="ReproTorchException">It cannot be read.</exception>
    public static IReadOnlyList<RunOutput> Read(string path)
    {
        List<RunOutput> runs = [];
        foreach (string file in RunFolder.Files(path))
        {
            runs.AddRange(RunFolder.IsRunFile(file) ? RunFile.Read(file) : [OfFile(file)]);
        }

        return runs;
    }

    /// <summary>A tensor as a run with one output.</summary>
    public static RunOutput OfTensor(TorchTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return OfValue(tensor.Name ?? string.Empty, RunValue.OfTensor("output", tensor.ToOwnData()));
    }

    /// <summary>A single value as a run.</summary>
    public static RunOutput OfValue(string name, RunValue value) => new() { Name = name, Outputs = [value] };

    private static RunOutput OfFile(string file) => new() { Name = Path.GetFileName(file), Outputs = Outputs(file) };

    /// <summary>Several values as the outputs of one run.</summary>
    public static RunOutput OfValues(string name, IReadOnlyList<RunValue> values) => new() { Name = name, Outputs = values };

    // A file that can hold one tensor only has no name for it; the others' members are the outputs.
    private static List<RunValue> Outputs(string file)
    {
        const string whole = "output";
        if (TensorFile.IsTorchSave(file))
        {
            return [.. TorchSaveFile.Read(file, whole).Select(value => RunValue.OfLeaf(value.Name, value.Value)!)];
        }

        bool unnamed = Path.GetExtension(file).Equals(".npy", StringComparison.OrdinalIgnoreCase);
        return [.. TensorFile.Read(file).Select(tensor => RunValue.OfTensor(unnamed ? whole : tensor.Name, tensor.Data))];
    }
}
