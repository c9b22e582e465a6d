using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using ReproTorch.Interop;

namespace ReproTorch.Core.Tests.Interop;

/// <summary>The header, the C# declarations and the library's exports must name the same functions.</summary>
public sealed partial class AbiTests
{
    private static readonly string s_header = File.ReadAllText(
        Path.Combine(Repository.Root, "src", "ReproTorch.Native", "include", "reprotorch.h"));

    [Fact]
    public void EveryFunctionOfTheHeaderIsDeclaredInCSharpAndNoOther()
    {
        string[] declared = [.. typeof(NativeMethods).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Select(method => method.Name).Where(name => name.StartsWith("rpt_", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.Equal(HeaderFunctions(), declared);
    }

    [Fact]
    public void EveryFunctionOfTheHeaderIsExported()
    {
        TorchLibrary.Load();
        nint library = NativeLibrary.Load(NativeLibraryLoader.LibraryName, typeof(NativeMethods).Assembly, null);
        string[] missing = [.. HeaderFunctions().Where(name => !NativeLibrary.TryGetExport(library, name, out _))];
        Assert.Empty(missing);
    }

    [Fact]
    public void StructsHaveTheSizeThatTheLibraryExpects()
    {
        var info = NativeTensorInfo.Create();
        info.StructSize = 4;
        using var tensor = ReproTorch.Tensors.TorchTensor.FromSpan<float>([1], ReproTorch.Tensors.DType.float32);
        nint error = NativeMethods.rpt_tensor_describe(tensor.Handle, ref info);
        Assert.Equal((int)ReproTorchErrorKind.InvalidArgument, NativeMethods.rpt_error_code(error));
        NativeMethods.rpt_error_free(error);
        var right = NativeTensorInfo.Create();
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_describe(tensor.Handle, ref right));
        Assert.Equal(1, right.Elements);
    }

    [Theory]
    [InlineData(typeof(ReproTorch.Tensors.DType), "RPT_DTYPE_")]
    [InlineData(typeof(ReproTorch.Tensors.TorchDeviceType), "RPT_DEVICE_")]
    public void NumbersOfTheHeaderAreThoseOfCSharp(Type type, string prefix)
    {
        Dictionary<string, int> header = Regex.Matches(s_header, prefix + @"(\w+) = (\d+)")
            .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value), StringComparer.OrdinalIgnoreCase);
        Assert.NotEmpty(header);
        Assert.Equal(
            header.OrderBy(pair => pair.Value).Select(pair => pair.Key.ToUpperInvariant()),
            Enum.GetValues(type).Cast<object>().OrderBy(value => (int)value).Select(value => value.ToString()!.ToUpperInvariant()));
    }

    [Fact]
    public void ErrorKindsOfTheHeaderAreThoseOfCSharp() => Assert.All(
        Regex.Matches(s_header, @"RPT_ERROR_(\w+) = (\d+)").Where(match => match.Groups[2].Value != "0"),
        match => Assert.True(Enum.IsDefined((ReproTorchErrorKind)int.Parse(match.Groups[2].Value)), match.Value));

    private static string[] HeaderFunctions() =>
        [.. Function().Matches(s_header).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^RPT_API [^;(]*?(rpt_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Function();
}
