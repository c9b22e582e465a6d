using System.Runtime.InteropServices;
using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>The arguments of one call in native form, freed together.</summary>
internal sealed class NativeCall : IDisposable
{
    private readonly ValueHandle[] _arguments;
    private readonly ValueHandle[] _keywords = [];

    public NativeCall(ModelInput input)
    {
        _arguments = TorchValue.ToNativeAll(input.Arguments);
        try
        {
            _keywords = TorchValue.ToNativeAll(input.Keywords.Select(keyword => keyword.Value));
            Arguments = Array.ConvertAll(_arguments, handle => handle.DangerousGetHandle());
            KeywordValues = Array.ConvertAll(_keywords, handle => handle.DangerousGetHandle());
            KeywordNames = [.. input.Keywords.Select(keyword => Marshal.StringToCoTaskMemUTF8(keyword.Key))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public nint[] Arguments { get; } = [];

    public nint[] KeywordNames { get; } = [];

    public nint[] KeywordValues { get; } = [];

    public void Dispose()
    {
        TorchValue.DisposeAll(_arguments);
        TorchValue.DisposeAll(_keywords);
        foreach (nint name in KeywordNames)
        {
            Marshal.FreeCoTaskMem(name);
        }
    }
}
