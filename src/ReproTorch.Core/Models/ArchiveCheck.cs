using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Models;

/// <summary>
/// Checks a TorchScript archive in managed code before libtorch sees a byte of it. libtorch checks no CRC of stored members, so
/// that a flipped bit in a weight loads silently; and a TorchScript file is a program, which may ask to write files.
/// </summary>
public static partial class ArchiveCheck
{
    // A code member is source text of one class; the largest real models have a few hundred kilobytes.
    private const int MaxCode = 64 << 20;

    /// <summary>Checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="allowFileAccess">Lets code through that calls operators which read or write files or reach other processes.</param>
    /// <param name="cancellation">Looked at between members.</param>
    /// <exception cref="ReproTorchException">The file is damaged, is no TorchScript archive, or its code is refused.</exception>
    public static void Check(string path, bool allowFileAccess, CancellationToken cancellation = default)
    {
        RequireZip(path);
        using ZipReader archive = Open(path);
        string top = TopFolder(archive);
        RequireTorchScript(archive, top);
        foreach (ZipMember member in archive.Members)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                archive.Verify(member, cancellation);
            }
            catch (ReproTorchException e)
            {
                throw Damaged(e);
            }

            if (!allowFileAccess && member.Name.StartsWith(top + "/code/", StringComparison.Ordinal)
                && member.Name.EndsWith(".py", StringComparison.Ordinal))
            {
                Screen(archive, member);
            }
        }
    }

    private static ZipReader Open(string path)
    {
        try
        {
            return ZipReader.Open(path);
        }
        catch (ReproTorchException e)
        {
            throw Damaged(e);
        }
    }

    private static ReproTorchException Damaged(ReproTorchException e) => new(ReproTorchErrorKind.ModelFormat, e.Message, e);

    private static void RequireZip(string path)
    {
        var head = new byte[64];
        int count;
        using (FileStream stream = File.OpenRead(path))
        {
            count = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }

        ReadOnlySpan<byte> bytes = head.AsSpan(0, count);
        if (ZipReader.LooksLikeZip(bytes))
        {
            return;
        }

        // A pickle of protocol 2 begins with 0x80 0x02; torch.save before 1.6 wrote such files.
        string what = bytes.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02]) ? "It is a pickle, as torch.save wrote before PyTorch 1.6."
            : NpyHeader.LooksLikeNpy(bytes) ? "It is a .npy file: an array, not a model."
            : count == 0 ? "It is empty."
            : "It does not begin as a zip archive does.";
        throw Refuse(path, $"{what} {Wanted}");
    }

    private const string Wanted = "Expected a TorchScript archive: save the model in Python with torch.jit.script(model).save(path).";

    private static string TopFolder(ZipReader archive)
    {
        string[] tops = [.. archive.Members.Select(member => member.Name.Split('/')[0]).Distinct(StringComparer.Ordinal)];
        bool nested = archive.Members.All(member => member.Name.Contains('/', StringComparison.Ordinal));
        return tops.Length == 1 && nested
            ? tops[0]
            : throw Refuse(
                archive.Path,
                archive.Members.Any(member => member.Name.EndsWith(".npy", StringComparison.Ordinal))
                    ? $"It is an .npz file: arrays, not a model. {Wanted}"
                    : $"A model archive has one folder at its top, and this has {tops.Length}. {Wanted}");
    }

    private static void RequireTorchScript(ZipReader archive, string top)
    {
        bool Has(string name) => archive.Find($"{top}/{name}") is not null;
        if (!Has("data.pkl"))
        {
            throw Refuse(archive.Path, $"It has no {top}/data.pkl. {Wanted}");
        }

        if (!Has("constants.pkl"))
        {
            throw Refuse(
                archive.Path, $"It is a file of torch.save: tensors, or a model that only Python could rebuild, not TorchScript. {Wanted}");
        }

        ZipMember version = archive.Find($"{top}/version") ?? archive.Find($"{top}/.data/version")
            ?? throw Refuse(archive.Path, $"It does not say its format version. {Wanted}");
        string text = Encoding.ASCII.GetString(archive.ReadAll(version, 64)).Trim();
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw Refuse(archive.Path, $"Its format version is '{text}', which is no number.");
        }
    }

    private static void Screen(ZipReader archive, ZipMember member)
    {
        string code = Encoding.UTF8.GetString(archive.ReadAll(member, MaxCode));
        Match match = Forbidden().Match(code);
        if (match.Success)
        {
            int line = code.AsSpan(0, match.Index).Count('\n') + 1;
            throw new ReproTorchException(
                ReproTorchErrorKind.Refused,
                $"{archive.Path} was not loaded: its code calls '{match.Value.Trim()}' ({member.Name}, line {line}), which reads or writes files "
                + "or reaches other processes. A model is a program; if you trust this one, load it with -AllowFileAccess.");
        }
    }

    private static ReproTorchException Refuse(string path, string what) => new(ReproTorchErrorKind.ModelFormat, $"{path}: {what}");

    // The operators of libtorch that leave the process: aten::save, aten::from_file, prim::rpc_*, c10d::*. As serialized code writes
    // them: torch.save(..), x.save(..), ops.aten.save(..).
    [GeneratedRegex(@"\.\s*(save|from_file)\b|\brpc_(async|sync|remote)\b|\bops\s*\.\s*(c10d|caffe2|_caffe2)\b")]
    private static partial Regex Forbidden();
}
