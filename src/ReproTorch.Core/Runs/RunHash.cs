using System.Text;

namespace ReproTorch.Runs;

/// <summary>The content hash of a run: which outputs came of which inputs, whatever the file, the machine and the time.</summary>
internal static class RunHash
{
    /// <summary>XXH3-128 in hex over one line an input, then one an output: <c>input</c> or <c>output</c>, the kind, the length of the
    /// name in UTF-8, the name, and the value's <see cref="ContentHash"/> (<c>-</c> for None and for what was not hashed).</summary>
    public static string Of(RunOutput run)
    {
        var text = new StringBuilder();
        foreach (RunInputInfo input in run.Inputs)
        {
            Add(text, "input", input.Kind, input.Name, input.Hash);
        }

        foreach (RunValue output in run.Outputs)
        {
            Add(text, "output", output.Kind, output.Name, ContentHash.Of(output));
        }

        return ContentHash.OfBytes(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Add(StringBuilder text, string role, RunValueKind kind, string name, string? hash) =>
        text.Append(role).Append(' ').Append(kind).Append(' ').Append(Encoding.UTF8.GetByteCount(name)).Append(' ').Append(name)
            .Append(' ').Append(hash ?? "-").Append('\n');
}
