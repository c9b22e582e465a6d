namespace ReproTorch.Tensors.Files;

/// <summary>A tensor and its name in a file.</summary>
/// <param name="Name">The name.</param>
/// <param name="Data">The elements.</param>
public sealed record NamedTensorData(string Name, TensorData Data);
