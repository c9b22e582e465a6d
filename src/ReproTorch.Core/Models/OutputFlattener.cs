using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Turns what a model gave (or took) into named values (see <see cref="RunValue"/>).</summary>
internal static class OutputFlattener
{
    /// <summary>Flattens a value under a root name.</summary>
    public static List<RunValue> Flatten(object? value, string root)
    {
        var values = new List<RunValue>();
        Add(values, root, value);
        return values;
    }

    private static void Add(List<RunValue> values, string name, object? value)
    {
        switch (value)
        {
            case null:
                values.Add(RunValue.OfNone(name));
                break;
            case TorchTensor tensor:
                values.Add(RunValue.OfTensor(name, tensor.ToOwnData()));
                break;
            case bool flag:
                values.Add(Number(name, DType.@bool, [(byte)(flag ? 1 : 0)]));
                break;
            case long number:
                values.Add(Number(name, DType.int64, BitConverter.GetBytes(number)));
                break;
            case sbyte or byte or short or ushort or int or uint or ulong:
                values.Add(Number(
                    name, DType.int64, BitConverter.GetBytes(Convert.ToInt64(value, CultureInfo.InvariantCulture))));
                break;
            case double number:
                values.Add(Number(name, DType.float64, BitConverter.GetBytes(number)));
                break;
            case Half or float or decimal:
                values.Add(Number(
                    name, DType.float64, BitConverter.GetBytes(value is Half h ? (double)h : Convert.ToDouble(value, CultureInfo.InvariantCulture))));
                break;
            case Complex number:
                values.Add(Number(name, DType.complex128, MemoryMarshal.AsBytes([number.Real, number.Imaginary]).ToArray()));
                break;
            case string text:
                values.Add(RunValue.OfString(name, text));
                break;
            case TorchDevice or DType:
                values.Add(RunValue.OfString(name, value.ToString()!));
                break;
            case TorchTuple tuple:
                for (int i = 0; i < tuple.Count; i++)
                {
                    Add(values, Child(name, tuple.Names?[i] ?? i.ToString(CultureInfo.InvariantCulture)), tuple[i]);
                }

                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Add(values, Child(name, Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!), entry.Value);
                }

                break;
            case IEnumerable items:
                int index = 0;
                foreach (object? item in items)
                {
                    Add(values, Child(name, (index++).ToString(CultureInfo.InvariantCulture)), item);
                }

                break;
            default:
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, $"{name} is a {value.GetType()}, which a run cannot hold.");
        }
    }

    // A key with a dot or bracket of its own is put in brackets, so that no two paths share a name.
    private static string Child(string name, string key) =>
        key.Length > 0 && key.AsSpan().IndexOfAny('.', '[', ']') < 0 ? $"{name}.{key}" : $"{name}[{key}]";

    private static RunValue Number(string name, DType dtype, byte[] bytes) =>
        RunValue.OfNumber(name, TensorData.FromArray(dtype, [], bytes));
}
