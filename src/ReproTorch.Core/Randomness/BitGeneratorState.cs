using System.Collections;
using System.Globalization;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>Reads a state dictionary of NumPy's form, whatever types its parts came in, and checks every
/// part.</summary>
internal sealed class BitGeneratorState
{
    private readonly IDictionary _outer;
    private readonly IDictionary _inner;
    private readonly string _name;

    public BitGeneratorState(IDictionary state, string name)
    {
        _outer = state;
        _name = name;
        string given = state["bit_generator"] as string ?? "nothing";
        if (given != name)
        {
            // NumPy writes RNG for some generators and PRNG for others.
            string kind = name is "Philox" or "MT19937" ? "PRNG" : "RNG";
            throw NumpyGeneratorArgument.Invalid($"state must be for a {name} {kind}: bit_generator is {given}.");
        }

        _inner = state["state"] as IDictionary
            ?? throw NumpyGeneratorArgument.Invalid($"The state for {name} has no dictionary named state.");
    }

    public bool HasUInt32 => Integer(_outer, "has_uint32", 1) == 1;

    public uint UInteger => (uint)Integer(_outer, "uinteger", uint.MaxValue);

    public int BufferPosition(int maximum) => (int)Integer(_outer, "buffer_pos", maximum);

    public int Position(int maximum) => (int)Integer(_inner, "pos", maximum);

    public UInt128 UInt128(string key) => (UInt128)Integer(_inner, key, System.UInt128.MaxValue);

    public ulong[] Words64(string key, int count) => Words(_inner, key, count, ulong.MaxValue, x => (ulong)x);

    public uint[] Words32(string key, int count) => Words(_inner, key, count, uint.MaxValue, x => (uint)x);

    public ulong[] Buffer(int count) => Words(_outer, "buffer", count, ulong.MaxValue, x => (ulong)x);

    private BigInteger Integer(IDictionary part, string key, BigInteger maximum)
    {
        object? value = part[key];
        return AsInteger(value) is { } number && number >= 0 && number <= maximum
            ? number
            : throw NumpyGeneratorArgument.Invalid(
                $"{key} in the state for {_name} is {Shown(value)}: an integer from 0 to {maximum} is expected.");
    }

    private T[] Words<T>(IDictionary part, string key, int count, BigInteger maximum, Func<BigInteger, T> convert)
    {
        var words = new List<T>(count);
        if (part[key] is IEnumerable items and not string)
        {
            foreach (object? item in items)
            {
                if (words.Count == count || AsInteger(item) is not { } number || number < 0 || number > maximum)
                {
                    words.Clear();
                    break;
                }

                words.Add(convert(number));
            }
        }

        return words.Count == count
            ? [.. words]
            : throw NumpyGeneratorArgument.Invalid(
                $"{key} in the state for {_name} must be {count} integers from 0 to {maximum}.");
    }

    private static BigInteger? AsInteger(object? value) => value switch
    {
        BigInteger number => number,
        UInt128 number => number,
        Int128 number => number,
        double number when double.IsInteger(number) => new BigInteger(number),
        decimal number when decimal.IsInteger(number) => new BigInteger(number),
        bool flag => flag ? 1 : 0,
        string text when BigInteger.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger number)
            => number,
        sbyte or byte or short or ushort or int or uint or long or ulong =>
            BigInteger.Parse(Convert.ToString(value, CultureInfo.InvariantCulture)!, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string Shown(object? value) =>
        value is null ? "missing" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "missing";
}
