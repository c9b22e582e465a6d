using System.Globalization;
using System.Text;
using ReproTorch.Models.Screening;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Models;

/// <summary>
/// Checks a TorchScript archive in managed code before libtorch sees a byte of it. libtorch checks no CRC of stored members, so
/// that a flipped bit in a weight loads silently; and a TorchScript file is a program, which may ask to write files.
/// </summary>
public static class ArchiveCheck
{
    // The largest real models have a few megabytes.
    private const int MaxCode = 32 << 20;

    // Code that is written by hand or by a compiler packs to a fifth, at most to a tenth; a small file of nothing but commas to a thousandth.
    private const int MaxSmallCode = 1 << 20;
    private const int MaxCodeRatio = 20;

    // kMinSupportedFileFormatVersion and kMaxSupportedFileFormatVersion of caffe2/serialize/versions.h: the same in libtorch 1.13 and
    // all later ones up to today.
    private const long OldestVersion = 1;
    private const long NewestVersion = 10;

    /// <summary>Checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="allowFileAccess">Lets code through that calls operators which read or write files or reach other processes.</param>
    /// <param name="cancellation">Looked at between members.</param>
    /// <exception cref="ReproTorchException">The file is damaged, is no TorchScript archive, or its code is refused.</exception>
    public static void Check(string path, bool allowFileAccess, CancellationToken cancellation = default) =>
        Check(new FileBytes(path), allowFileAccess, cancellation);

    /// <summary>The same of a file's bytes that were read already: what is checked is what is loaded.</summary>
    internal static void Check(FileBytes file, bool allowFileAccess, CancellationToken cancellation)
    {
        string path = file.Path;
        try
        {
            using ZipReader archive = OpenZip(file);
            string top = TopFolder(archive);
            RequireOneReading(archive);
            RequireTorchScript(archive, top);
            foreach (ZipMember member in archive.Members)
            {
                cancellation.ThrowIfCancellationRequested();
                archive.Verify(member, cancellation);
            }

            ScriptCode code = ScriptCode.Read(path, Sources(archive, top));
            CheckPickles(archive, top, code);
            if (!allowFileAccess)
            {
                RefuseFileAccess(archive.Path, code);
            }
        }
        catch (ReproTorchException e) when (e.Kind == ReproTorchErrorKind.FileFormat)
        {
            throw new ReproTorchException(ReproTorchErrorKind.ModelFormat, e.Message, e);
        }
    }

    // libtorch finds members without regard to case.
    private static void RequireOneReading(ZipReader archive)
    {
        if (archive.HasComment)
        {
            throw Refuse(archive.Path, "Something follows the directory of the archive, which no PyTorch writes.");
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (ZipMember member in archive.Members)
        {
            if (!names.Add(member.Name))
            {
                throw Refuse(archive.Path, $"It has two members called {member.Name}, apart from the case of letters.");
            }
        }
    }

    private static IEnumerable<(string Member, string Qualifier, string Text)> Sources(ZipReader archive, string top)
    {
        string folder = top + "/code/";
        ZipMember[] members =
        [
            .. archive.Members.Where(member => member.Name.StartsWith(folder, StringComparison.OrdinalIgnoreCase)
                && member.Name.EndsWith(".py", StringComparison.OrdinalIgnoreCase)),
        ];
        long total = members.Sum(member => member.Length);
        long stored = members.Sum(member => member.StoredLength);
        if (total > Math.Min(MaxCode, Math.Max(MaxSmallCode, MaxCodeRatio * stored)))
        {
            throw Refuse(archive.Path, $"Its code unpacks from {stored} to {total} bytes, which no model's does.");
        }

        foreach (ZipMember member in members)
        {
            RequirePlainName(archive.Path, member.Name, folder);

            // A letter a byte, as libtorch reads it.
            string text = Encoding.Latin1.GetString(archive.ReadAll(member, MaxCode));
            yield return text.Contains('\0', StringComparison.Ordinal)
                ? throw Refuse(archive.Path, $"Its code {member.Name} has a zero byte.")
                : (member.Name, member.Name[folder.Length..^".py".Length].Replace('/', '.'), text);
        }
    }

    // libtorch looks for the code of __torch__.a.b in code/__torch__/a/b.py, without regard to case: any other name that it would find,
    // or that is read here as the same, might be other code than what was checked.
    private static void RequirePlainName(string path, string name, string folder)
    {
        bool isPlain = name.StartsWith(folder + "__torch__", StringComparison.Ordinal) && name.EndsWith(".py", StringComparison.Ordinal)
            && name.AsSpan(folder.Length).IndexOf('.') == name.Length - folder.Length - ".py".Length
            && name[folder.Length + "__torch__".Length] is '/' or '.';
        if (!isPlain)
        {
            throw Refuse(path, $"Its code has a member {name}; PyTorch writes names such as {folder}__torch__/package/module.py, in that case and without further dots.");
        }
    }

    private static void CheckPickles(ZipReader archive, string top, ScriptCode code)
    {
        ModelPickles.Check(archive, code, archive.Find($"{top}/constants.pkl")!, isModel: false);
        ModelPickles.Check(archive, code, archive.Find($"{top}/data.pkl")!, isModel: true);
        foreach (ZipMember member in archive.Members)
        {
            if (member.Name.EndsWith(".debug_pkl", StringComparison.OrdinalIgnoreCase))
            {
                DebugPickle.Check(archive, member);
            }
        }
    }

    private static void RefuseFileAccess(string path, ScriptCode code)
    {
        foreach ((string member, string qualifier, List<ScriptToken> tokens) in code.Files)
        {
            if (OperatorScreen.Find(code.Classes, qualifier, tokens) is var (name, line))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.Refused,
                    $"{path} was not loaded: its code has '{name}' ({member}, line {line}), which reads or writes files or reaches other processes. "
                    + "A model is a program; if you trust this one, load it with -AllowFileAccess.");
            }
        }
    }

    private static ZipReader OpenZip(FileBytes file)
    {
        byte[] head = file.Read(0, (int)Math.Min(file.Length, 64));
        ReadOnlySpan<byte> bytes = head;
        if (ZipReader.LooksLikeZip(bytes))
        {
            return ZipReader.Open(file);
        }

        string path = file.Path;
        file.Dispose();

        // A pickle of protocol 2 begins with 0x80 0x02; torch.save before 1.6 wrote such files.
        string what = bytes.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02]) ? "It is a pickle, as torch.save wrote before PyTorch 1.6."
            : NpyHeader.LooksLikeNpy(bytes) ? "It is a .npy file: an array, not a model."
            : bytes.IsEmpty ? "It is empty."
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

        // libtorch takes what it finds of this before all else, or says that it is no longer built to.
        if (archive.Members.Any(member => member.Name.EndsWith("/model.json", StringComparison.OrdinalIgnoreCase)))
        {
            throw Refuse(archive.Path, "It is in the format of PyTorch 1.0 and 1.1 (model.json), which is not read. Load it with a PyTorch that does, such as 1.2, and save it again.");
        }

        if (!Has("data.pkl"))
        {
            throw Refuse(archive.Path, $"It has no {top}/data.pkl. {Wanted}");
        }

        if (!Has("constants.pkl"))
        {
            throw Refuse(
                archive.Path, $"It is a file of torch.save: tensors, or a model that only Python could rebuild, not TorchScript. {Wanted}");
        }

        // The order in which libtorch looks.
        ZipMember version = archive.Find($"{top}/.data/version") ?? archive.Find($"{top}/version")
            ?? throw Refuse(archive.Path, $"It does not say its format version. {Wanted}");
        string text = Encoding.ASCII.GetString(archive.ReadAll(version, 64)).Trim();
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            throw Refuse(archive.Path, $"Its format version is '{text}', which is no number.");
        }

        if (number is < OldestVersion or > NewestVersion)
        {
            throw Refuse(
                archive.Path,
                $"It has the format version {number}, and this libtorch reads {OldestVersion} to {NewestVersion}. "
                + (number > NewestVersion ? "Use a newer libtorch, or save the model with an older PyTorch." : "Save it again with a newer PyTorch."));
        }
    }

    private static ReproTorchException Refuse(string path, string what) => new(ReproTorchErrorKind.ModelFormat, $"{path}: {what}");
}
