namespace ReproTorch.Tensors.Files;

internal static class UniqueNames
{
    /// <exception cref="ReproTorchException">A name is empty or there twice.</exception>
    public static void Check(IReadOnlyList<NamedTensorData> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (NamedTensorData tensor in tensors)
        {
            if (tensor.Name.Length == 0 || !names.Add(tensor.Name))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    tensor.Name.Length == 0 ? "A tensor has no name. Give each a name." : $"Two tensors are called '{tensor.Name}'. Give each a name of its own.");
            }
        }
    }
}
