using System.Security.Cryptography;
using ReproTorch.Interop;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Models;

/// <summary>Loads models from files that may be anyone's. A file is checked in managed code before libtorch sees a byte of it.</summary>
public static class ModelLoader
{
    /// <summary>Loads a TorchScript file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ReproTorchException">The file's hash is not the one that is asked for, or the file is damaged, is something
    /// else, or needs a newer libtorch.</exception>
    public static ScriptModel Load(string path, LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(
                Directory.Exists(path) ? $"'{path}' is a folder. Expected a TorchScript file." : $"There is no model file '{path}'.", path);
        }

        if (!options.Probe)
        {
            return options.Sha256 is { } expected ? LoadPinned(path, expected, options) : LoadPlain(path, options);
        }

        // Pinned to what was probed, whoever changes the file meanwhile.
        string hash = options.Sha256 ?? HashFile(path);
        ModelProbe.Run(path, hash, options.AllowFileAccess, options.Cancellation);
        return LoadPinned(path, hash, options);
    }

    // The hash is computed beside the loading: it decides nothing here, and takes as long as reading the file.
    private static ScriptModel LoadPlain(string path, LoadOptions options)
    {
        Task<string> sha256 = Task.Run(() => HashFile(path));
        ArchiveCheck.Check(path, options.AllowFileAccess);
        (int type, int index) = Place(options.Device);
        ScriptModuleHandle module = OnLargeStack(() =>
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_module_load(path, type, index, out ScriptModuleHandle loaded));
            return loaded;
        }, path);
        return Wrap(module, path, sha256);
    }

    // One reading: the very bytes that were hashed are the ones that are parsed, whoever changes the file meanwhile.
    private static unsafe ScriptModel LoadPinned(string path, string expected, LoadOptions options)
    {
        if (new FileInfo(path).Length > Array.MaxLength)
        {
            // More than an array holds: hashed, and then read again.
            RequireHash(path, HashFile(path), expected);
            return LoadPlain(path, options);
        }

        byte[] bytes = File.ReadAllBytes(path);
        string actual = Convert.ToHexStringLower(SHA256.HashData(bytes));
        RequireHash(path, actual, expected);
        ArchiveCheck.Check(new FileBytes(path, bytes), options.AllowFileAccess, options.Cancellation);
        (int type, int index) = Place(options.Device);
        ScriptModuleHandle module = OnLargeStack(() =>
        {
            fixed (byte* first = bytes)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_module_load_bytes(
                    first, bytes.LongLength, type, index, out ScriptModuleHandle loaded));
                return loaded;
            }
        }, path);
        return Wrap(module, path, Task.FromResult(actual));
    }

    private static void RequireHash(string path, string actual, string expected)
    {
        if (!actual.Equals(expected.Trim(), StringComparison.OrdinalIgnoreCase))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.Refused,
                $"{path} has the SHA-256 {actual}, not {expected.ToLowerInvariant()} as asked for. The file is not the one that was "
                + "pinned; it was not loaded. Get the right file, or pin this hash if you trust it.");
        }
    }

    private static ScriptModel Wrap(ScriptModuleHandle module, string path, Task<string> sha256) =>
        new(module, sha256) { Name = Path.GetFileNameWithoutExtension(path), Path = Path.GetFullPath(path) };

    private static (int Type, int Index) Place(TorchDevice? device) =>
        device is { } place ? ((int)place.Type, place.Index) : (-1, -1);

    private static string HashFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    // What libtorch says of a file that passed the check is not always about a file: its own asserts ask for a bug report.
    private static ScriptModuleHandle Load(Func<ScriptModuleHandle> load, string path)
    {
        try
        {
            return load();
        }
        catch (ReproTorchException e) when (e.Kind is ReproTorchErrorKind.ScriptSource)
        {
            throw Fault($"{path}: its code does not compile with this libtorch. {e.Message.Trim()}", e);
        }
        catch (ReproTorchException e) when (e.Kind is ReproTorchErrorKind.ModelFormat)
        {
            throw Fault($"{path}: {e.Message}", e);
        }
        catch (ReproTorchException e) when (e.Kind is ReproTorchErrorKind.Internal or ReproTorchErrorKind.OperatorFailure or ReproTorchErrorKind.ScriptRaise)
        {
            throw Fault($"{path} is damaged, or was written by something else than PyTorch: libtorch cannot load it ({e.Message.Trim()}).", e);
        }

        static ReproTorchException Fault(string message, ReproTorchException inner) =>
            new(ReproTorchErrorKind.ModelFormat, message, inner) { NativeFunction = inner.NativeFunction, NativeBacktrace = inner.NativeBacktrace };
    }

    private static ScriptModuleHandle OnLargeStack(Func<ScriptModuleHandle> load, string path)
    {
        ScriptModuleHandle? module = null;
        CompilerThread.Run(() => module = Load(load, path), ModelDescriptionReader.Prepare);
        return module!;
    }
}
