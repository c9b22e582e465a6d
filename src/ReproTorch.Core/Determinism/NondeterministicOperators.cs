using System.Text.Json;
using System.Text.Json.Serialization;
using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Determinism;

/// <summary>The table of operators whose results may differ from run to run (nondeterministic-operators.json, which names its
/// sources).</summary>
public static class NondeterministicOperators
{
    private const string Resource = "ReproTorch.Determinism.nondeterministic-operators.json";

    private static readonly Lazy<IReadOnlyList<NondeterminismRule>> s_all = new(Read);

    /// <summary>All rules, for all versions of libtorch.</summary>
    public static IReadOnlyList<NondeterminismRule> All => s_all.Value;

    /// <summary>The rules that hold for the libtorch at hand, by operator; a key names all overloads or one.</summary>
    public static ILookup<string, NondeterminismRule> Current() => For(VersionOf(TorchLibrary.LoadedVersion));

    /// <summary>The rules that hold for a version of libtorch, by operator; a key names all overloads or one.</summary>
    public static ILookup<string, NondeterminismRule> For(Version version) =>
        All.Where(rule => rule.HoldsFor(version))
            .SelectMany(rule => rule.Operators, (rule, name) => (rule, name))
            .ToLookup(pair => pair.name, pair => pair.rule, StringComparer.Ordinal);

    /// <summary>The numbers of a version such as <c>1.13.0a0+git</c>; that of the oldest libtorch that ReproTorch runs on when it has
    /// none.</summary>
    internal static Version VersionOf(string text)
    {
        string[] parts = text.Split('.');
        return parts.Length >= 2 && int.TryParse(parts[0], out int major)
            && int.TryParse(parts[1].AsSpan(0, LeadingDigits(parts[1])), out int minor)
                ? new Version(major, minor)
                : new Version(1, 13);
    }

    private static int LeadingDigits(string text) => text.TakeWhile(char.IsAsciiDigit).Count();

    private static List<NondeterminismRule> Read()
    {
        using Stream stream = typeof(NondeterministicOperators).Assembly.GetManifestResourceStream(Resource)!;
        RuleTable table = JsonSerializer.Deserialize(stream, RuleTableJson.Default.RuleTable)!;
        return table.Rules.ConvertAll(rule => new NondeterminismRule
        {
            Operators = rule.Operators,
            When = ReadOnly(rule.When),
            Unless = ReadOnly(rule.Unless),
            Condition = rule.Condition,
            Assumed = rule.Assumed ?? true,
            Device = rule.Device,
            Pass = rule.Pass,
            Behaviour = rule.Behaviour,
            Since = rule.Since is { } since ? Version.Parse(since) : null,
            Until = rule.Until is { } until ? Version.Parse(until) : null,
            Reports = rule.Reports,
            Source = table.Sources[rule.Source],
        });
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadOnly(Dictionary<string, string[]>? arguments) =>
        (arguments ?? []).ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)pair.Value);
}

internal sealed record RuleTable(Dictionary<string, string> Sources, List<RuleEntry> Rules);

internal sealed record RuleEntry(
    string[] Operators,
    Dictionary<string, string[]>? When,
    Dictionary<string, string[]>? Unless,
    string? Condition,
    bool? Assumed,
    TorchDeviceType? Device,
    OperatorPass Pass,
    NondeterministicBehaviour Behaviour,
    string? Since,
    string? Until,
    string? Reports,
    string Source);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RuleTable))]
internal sealed partial class RuleTableJson : JsonSerializerContext;
