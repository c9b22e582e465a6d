using System.Collections;
using System.Collections.Specialized;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using ReproTorch.Interop;
using ReproTorch.Randomness;

namespace ReproTorch.Tensors;

/// <summary>A tuple that a model took or gave; a NamedTuple's fields, or an object's attributes, have names.</summary>
public sealed class TorchTuple : IReadOnlyList<object?>
{
    private readonly object?[] _items;

    /// <summary>A tuple of these items.</summary>
    /// <param name="items">Anything that <see cref="TorchValue"/> carries.</param>
    /// <param name="names">One name an item, or null for a plain tuple.</param>
    public TorchTuple(IEnumerable<object?> items, IReadOnlyList<string>? names = null)
    {
        _items = [.. items];
        Names = names;
    }

    /// <summary>The fields' names; null for a plain tuple.</summary>
    public IReadOnlyList<string>? Names { get; }

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public object? this[int index] => _items[index];

    /// <inheritdoc/>
    public IEnumerator<object?> GetEnumerator() => ((IEnumerable<object?>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}

/// <summary>
/// Carries values across the border: tensor, bool, integer, float, complex, string, null, device, dtype, generator; tuples as
/// <see cref="TorchTuple"/> or .NET tuples, lists as anything enumerable, dicts as <see cref="IDictionary"/>. Coming back, a
/// list is an <c>object?[]</c>, a dict an <see cref="OrderedDictionary"/>, an integer a long, a float a double.
/// </summary>
internal static class TorchValue
{
    // Deeper nesting than any model has, and far from the end of the stack.
    private const int MaxDepth = 64;

    public static ValueHandle ToNative(object? value, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw new ArgumentException($"The value is nested more than {MaxDepth} levels deep.", nameof(value));
        }

        ValueHandle result;
        switch (value)
        {
            case null:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_none(out result));
                return result;
            case TorchTensor tensor:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_tensor(tensor.Handle, out result));
                return result;
            case bool flag:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_bool(flag ? 1 : 0, out result));
                return result;
            case sbyte or byte or short or ushort or int or uint or long:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_int(
                    ((IConvertible)value).ToInt64(System.Globalization.CultureInfo.InvariantCulture), out result));
                return result;
            case ulong number:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_int(checked((long)number), out result));
                return result;
            case Half or float or double:
                double real = value is Half half ? (double)half : value is float single ? single : (double)value;
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_double(real, out result));
                return result;
            case decimal number:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_double((double)number, out result));
                return result;
            case Complex complex:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_complex(complex.Real, complex.Imaginary, out result));
                return result;
            case string text:
                return FromString(text);
            case TorchDevice device:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_device((int)device.Type, device.Index, out result));
                return result;
            case DType dtype:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_dtype((int)dtype, out result));
                return result;
            case TorchGenerator generator:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_generator(generator.Handle, out result));
                return result;
            case TorchTuple tuple:
                return FromItems(tuple, isTuple: true, depth);
            case ITuple tuple:
                return FromItems(Enumerable.Range(0, tuple.Length).Select(i => tuple[i]), isTuple: true, depth);
            case IDictionary dictionary:
                return FromDictionary(dictionary, depth);
            case IEnumerable items:
                return FromItems(items, isTuple: false, depth);
            default:
                throw new ArgumentException(
                    $"A model cannot take a {value.GetType()}. Expected a tensor, number, string, bool, null, list, tuple or dictionary.",
                    nameof(value));
        }
    }

    public static object? FromNative(ValueHandle value)
    {
        switch ((NativeValueKind)NativeMethods.rpt_value_kind_of(value))
        {
            case NativeValueKind.None:
                return null;
            case NativeValueKind.Tensor:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_to_tensor(value, out TensorHandle tensor));
                return new TorchTensor(tensor);
            case NativeValueKind.Bool:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_to_bool(value, out int flag));
                return flag != 0;
            case NativeValueKind.Int:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_to_int(value, out long integer));
                return integer;
            case NativeValueKind.Double:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_to_double(value, out double real));
                return real;
            case NativeValueKind.Complex:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_to_complex(value, out double re, out double im));
                return new Complex(re, im);
            case NativeValueKind.String:
                return ToText(value);
            case NativeValueKind.Device:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_to_device(value, out int type, out int index));
                return new TorchDevice((TorchDeviceType)type, index);
            case NativeValueKind.Tuple or NativeValueKind.Object:
                return ToTuple(value);
            case NativeValueKind.List:
                return Items(value);
            case NativeValueKind.Dict:
                return ToDictionary(value);
            default:
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_type(value, out nint typeName));
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"The model gave a value of type {NativeText.Take(typeName)}, which has no form outside TorchScript. "
                    + "Return tensors, numbers, strings, tuples, lists or dicts.");
        }
    }

    private static unsafe ValueHandle FromString(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* first = bytes)
        {
            byte none = 0;
            NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_string(
                first is null ? &none : first, bytes.Length, out ValueHandle result));
            return result;
        }
    }

    private static unsafe ValueHandle FromItems(IEnumerable items, bool isTuple, int depth)
    {
        ValueHandle[] handles = ToNativeAll(items, depth);
        try
        {
            nint[] pointers = Array.ConvertAll(handles, handle => handle.DangerousGetHandle());
            fixed (nint* first = pointers)
            {
                ValueHandle result;
                if (isTuple)
                {
                    NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_tuple(first, pointers.Length, out result));
                }
                else
                {
                    NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_list(first, pointers.Length, out result));
                }

                return result;
            }
        }
        finally
        {
            DisposeAll(handles);
        }
    }

    private static unsafe ValueHandle FromDictionary(IDictionary dictionary, int depth)
    {
        ValueHandle[] keys = ToNativeAll(dictionary.Keys, depth);
        ValueHandle[] values = [];
        try
        {
            values = ToNativeAll(dictionary.Values, depth);
            nint[] keyPointers = Array.ConvertAll(keys, handle => handle.DangerousGetHandle());
            nint[] valuePointers = Array.ConvertAll(values, handle => handle.DangerousGetHandle());
            fixed (nint* firstKey = keyPointers, firstValue = valuePointers)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_value_from_dict(
                    firstKey, firstValue, keyPointers.Length, out ValueHandle result));
                return result;
            }
        }
        finally
        {
            DisposeAll(keys);
            DisposeAll(values);
        }
    }

    internal static ValueHandle[] ToNativeAll(IEnumerable items, int depth = 0)
    {
        var handles = new List<ValueHandle>();
        try
        {
            foreach (object? item in items)
            {
                handles.Add(ToNative(item, depth + 1));
            }

            return [.. handles];
        }
        catch
        {
            DisposeAll(handles);
            throw;
        }
    }

    internal static void DisposeAll(IEnumerable<ValueHandle> handles)
    {
        foreach (ValueHandle handle in handles)
        {
            handle.Dispose();
        }
    }

    private static unsafe string ToText(ValueHandle value)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_value_to_string(value, out nint text, out long count));
        try
        {
            return Encoding.UTF8.GetString(new ReadOnlySpan<byte>((void*)text, checked((int)count)));
        }
        finally
        {
            NativeMethods.rpt_string_free(text);
        }
    }

    private static object?[] Items(ValueHandle value)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_value_count(value, out long count));
        var items = new object?[count];
        for (int i = 0; i < items.Length; i++)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_value_item(value, i, out ValueHandle item));
            using (item)
            {
                items[i] = FromNative(item);
            }
        }

        return items;
    }

    private static TorchTuple ToTuple(ValueHandle value)
    {
        object?[] items = Items(value);
        var names = new string[items.Length];
        for (int i = 0; i < names.Length; i++)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_value_name(value, i, out nint name));
            if (name == nint.Zero)
            {
                return new TorchTuple(items);
            }

            names[i] = NativeText.Take(name);
        }

        return new TorchTuple(items, names.Length == 0 ? null : names);
    }

    private static OrderedDictionary ToDictionary(ValueHandle value)
    {
        object?[] values = Items(value);
        var dictionary = new OrderedDictionary(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_value_key(value, i, out ValueHandle key));
            using (key)
            {
                dictionary.Add(FromNative(key)!, values[i]);
            }
        }

        return dictionary;
    }
}
