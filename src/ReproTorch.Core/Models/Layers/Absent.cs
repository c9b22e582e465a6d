namespace ReproTorch.Models.Layers;

/// <summary>Parameters and buffers that a layer was made without: attributes that are None, as in Python, so that the same source
/// serves with and without them and the compiler drops what cannot happen.</summary>
internal static class Absent
{
    /// <summary>The names, when they are absent.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> If(bool absent, params IEnumerable<string> names) =>
        absent ? names.Select(name => KeyValuePair.Create<string, object?>(name, null)) : [];
}
