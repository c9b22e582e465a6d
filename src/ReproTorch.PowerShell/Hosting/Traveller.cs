using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text;
using ReproTorch.Comparison;
using ReproTorch.Observation;
using ReproTorch.Runs;
using ReproTorch.Sweeps;
using ReproTorch.Tensors;
using ReproTorch.Training;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>
/// Brings what PowerShell sends elsewhere (Export-Clixml, jobs, remote sessions) back as what it was, with every bit. There an object is a
/// bag of properties; module/ReproTorch.Types.ps1xml makes that bag the one property <see cref="PropertyName"/>, which holds the bytes of
/// the file that the object could be written to.
/// </summary>
public sealed class Traveller : PSTypeConverter
{
    /// <summary>The property that travels.</summary>
    public const string PropertyName = "Packed";

    /// <summary>What can travel.</summary>
    internal static IReadOnlyList<Type> Types { get; } =
    [
        typeof(RunOutput), typeof(TorchTensor), typeof(OperatorTrace), typeof(SweepResult), typeof(RunComparison), typeof(TrainingResult),
    ];

    // What a bag's bytes were, for as long as the bag is there: each of its properties asks.
    private static readonly ConditionalWeakTable<byte[], object> s_revived = [];

    /// <summary>The property's value: a method and no script, for what is sent is read in threads that have no runspace.</summary>
    public static byte[] GetPacked(PSObject instance) => Pack(instance);

    /// <summary>The bytes of what can travel.</summary>
    /// <exception cref="ArgumentException">It is nothing that travels.</exception>
    public static byte[] Pack(object value)
    {
        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case RunComparison comparison:
                return Encoding.UTF8.GetBytes(ComparisonJson.Write(comparison));
            case RunOutput run:
                return RunFile.ToBytes([run]);
            case TorchTensor tensor:
                return RunFile.ToBytes([RunSource.OfTensor(tensor)]);
            case OperatorTrace trace:
                using (var stream = new MemoryStream())
                {
                    OperatorTraceFile.Write(stream, trace);
                    return stream.ToArray();
                }

            case SweepResult sweep:
                return Encoding.UTF8.GetBytes(sweep.ToJson());
            case TrainingResult training:
                return TrainingResultFile.ToBytes(training);
            default:
                throw new ArgumentException($"A {value?.GetType()} does not travel.", nameof(value));
        }
    }

    /// <summary>What a bag of properties was; the value itself where it is no such bag.</summary>
    /// <exception cref="ReproTorchException">Its bytes are damaged, or were not sent with it.</exception>
    public static object? Revive(object? value) =>
        value is PSObject { BaseObject: PSCustomObject } bag && TypeOf(bag) is { } type ? Open(bag, type) : value;

    /// <summary>What a bag was that has the type's name, for the properties that it is given (<see cref="TravellerTypes"/>).</summary>
    /// <exception cref="ReproTorchException">Its bytes are damaged, or were not sent with it.</exception>
    public static object Open(PSObject bag) => Open(bag, TypeOf(bag) ?? typeof(object));

    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        sourceValue is byte[] || (sourceValue is PSObject bag && (bag.BaseObject is byte[] || TypeOf(bag) == destinationType));

    /// <inheritdoc/>
    public override object? ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) => sourceValue switch
    {
        byte[] bytes => Unpack(destinationType, bytes),
        PSObject { BaseObject: byte[] bytes } => Unpack(destinationType, bytes),
        _ => Open((PSObject)sourceValue, destinationType),
    };

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new InvalidCastException($"A {sourceValue?.GetType()} cannot be made a {destinationType}.");

    private static object Open(PSObject bag, Type type) => BytesOf(bag) is { } bytes
        ? s_revived.GetValue(bytes, _ => Unpack(type, bytes))
        : throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"Of this {type.Name} only some properties were sent: a session knows no types but the engine's own. Send its property "
            + $"{PropertyName}, which is bytes, and cast those: [{type.FullName}] $bytes.");

    private static object Unpack(Type type, byte[] bytes)
    {
        if (type == typeof(RunComparison))
        {
            return ComparisonJson.Read(Encoding.UTF8.GetString(bytes));
        }

        if (type == typeof(OperatorTrace))
        {
            using var stream = new MemoryStream(bytes);
            return OperatorTraceFile.Read("the trace that was sent", stream);
        }

        if (type == typeof(SweepResult))
        {
            return SweepResult.FromJson(Encoding.UTF8.GetString(bytes));
        }

        if (type == typeof(TrainingResult))
        {
            return TrainingResultFile.FromBytes(bytes);
        }

        RunOutput run = RunFile.FromBytes(bytes)[0];
        return type == typeof(RunOutput) ? run : TorchTensor.FromData(run.Outputs[0].Data!, name: run.Name.Length > 0 ? run.Name : null);
    }

    private static Type? TypeOf(PSObject bag)
    {
        foreach (Type type in Types)
        {
            // What $using: sends to a session keeps the plain name.
            if (bag.TypeNames.Contains("Deserialized." + type.FullName) || bag.TypeNames.Contains(type.FullName))
            {
                return type;
            }
        }

        return null;
    }

    // What the type data add to a bag packs an object, which a bag is not.
    private static byte[]? BytesOf(PSObject bag) => bag.Properties[PropertyName] is { MemberType: not PSMemberTypes.CodeProperty } sent ? sent.Value switch
    {
        byte[] bytes => bytes,
        PSObject { BaseObject: byte[] bytes } => bytes,
        _ => null,
    } : null;
}
