namespace ReproTorch.Tensors;

/// <summary>The names that nested values get when they are flattened.</summary>
internal static class DottedName
{
    /// <summary>The name of a child: a key with a dot or bracket of its own is put in brackets, so that no two paths share a name.</summary>
    /// <param name="parent">The container's name; empty for the outermost of a file, whose keys stand alone.</param>
    /// <param name="key">The key, or the place in a list.</param>
    public static string Child(string parent, string key) =>
        key.Length == 0 || key.AsSpan().IndexOfAny('.', '[', ']') >= 0 ? $"{parent}[{key}]"
        : parent.Length == 0 ? key
        : $"{parent}.{key}";
}
