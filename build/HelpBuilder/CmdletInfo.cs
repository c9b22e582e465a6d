using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace ReproTorch.Build.HelpBuilder;

/// <summary>How a parameter takes part in one parameter set.</summary>
internal sealed record ParameterUse(string Set, bool Mandatory, int? Position, bool FromPipeline, bool FromPipelineByPropertyName);

/// <summary>A parameter, as its attributes declare it.</summary>
internal sealed record ParameterInfo(
    string Name,
    Type Type,
    IReadOnlyList<ParameterUse> Uses,
    IReadOnlyList<string> Aliases,
    IReadOnlyList<string> AllowedValues,
    bool SupportsWildcards,
    string? Default)
{
    /// <summary>The name of the sets of a parameter that belongs to all.</summary>
    public const string AllSets = "__AllParameterSets";

    public bool IsSwitch => Type == typeof(SwitchParameter);

    /// <summary>The use in the set, by its own declaration or the one for all sets; null when it is not part of the set.</summary>
    public ParameterUse? In(string set) =>
        Uses.FirstOrDefault(use => use.Set == set) ?? Uses.FirstOrDefault(use => use.Set == AllSets);
}

/// <summary>A cmdlet, as its attributes declare it. Read as data: the compile-time stand-ins of the attribute classes keep
/// nothing of what they are given.</summary>
internal sealed record CmdletInfo(
    string Verb, string Noun, IReadOnlyList<string> Sets, IReadOnlyList<ParameterInfo> Parameters, bool SupportsShouldProcess)
{
    public string Name => $"{Verb}-{Noun}";

    public static CmdletInfo[] ReadAll(Assembly assembly) =>
        [.. assembly.GetExportedTypes().Where(type => !type.IsAbstract).Select(Read).OfType<CmdletInfo>().OrderBy(cmdlet => cmdlet.Name, StringComparer.Ordinal)];

    private static CmdletInfo? Read(Type type)
    {
        if (Attributes(type, nameof(CmdletAttribute)).FirstOrDefault() is not { } cmdlet)
        {
            return null;
        }
        // The default values are those of a fresh object.
        object fresh = Activator.CreateInstance(type)!;
        ParameterInfo[] parameters = [.. type.GetProperties().OrderBy(property => property.MetadataToken)
            .Select(property => Read(property, fresh)).OfType<ParameterInfo>()];
        string? first = Named<string>(cmdlet, "DefaultParameterSetName");
        // The default set is one even when no parameter belongs to it alone.
        string[] sets = [.. parameters.SelectMany(parameter => parameter.Uses).Select(use => use.Set).Prepend(first ?? ParameterInfo.AllSets)
            .Where(set => set != ParameterInfo.AllSets).Distinct()];
        return new CmdletInfo(
            (string)cmdlet.ConstructorArguments[0].Value!,
            (string)cmdlet.ConstructorArguments[1].Value!,
            sets.Length == 0 ? [ParameterInfo.AllSets] : sets,
            parameters,
            Named<bool>(cmdlet, "SupportsShouldProcess"));
    }

    private static ParameterInfo? Read(PropertyInfo property, object fresh)
    {
        CustomAttributeData[] uses = [.. Attributes(property, nameof(ParameterAttribute))];
        if (uses.Length == 0 || uses.Any(use => Named<bool>(use, "DontShow")))
        {
            return null;
        }
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        Type element = type.IsArray ? type.GetElementType()! : type;
        return new ParameterInfo(
            property.Name,
            type,
            [.. uses.Select(use => new ParameterUse(
                Named<string>(use, "ParameterSetName") ?? ParameterInfo.AllSets,
                Named<bool>(use, "Mandatory"),
                use.NamedArguments.Any(argument => argument.MemberName == "Position") ? Named<int>(use, "Position") : null,
                Named<bool>(use, "ValueFromPipeline"),
                Named<bool>(use, "ValueFromPipelineByPropertyName")))],
            [.. Attributes(property, nameof(AliasAttribute)).SelectMany(Texts)],
            element.IsEnum ? Enum.GetNames(element) : [.. Attributes(property, nameof(ValidateSetAttribute)).SelectMany(Texts)],
            Attributes(property, nameof(SupportsWildcardsAttribute)).Any(),
            type == typeof(SwitchParameter) ? "False" : DefaultText(property, fresh));
    }

    // Null where there is none. The zero of a type that a parameter cannot be without says nothing: such parameters are mandatory.
    private static string? DefaultText(PropertyInfo property, object fresh) => property.GetValue(fresh) switch
    {
        null or "" => null,
        string text => text,
        bool truth => truth ? "True" : null,
        ICollection { Count: 0 } => null,
        IEnumerable items => string.Join(", ", items.Cast<object>()),
        ITuple => null,
        IFormattable value when !value.Equals(Activator.CreateInstance(value.GetType())) => value.ToString(null, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static IEnumerable<CustomAttributeData> Attributes(MemberInfo member, string name) =>
        member.GetCustomAttributesData().Where(attribute => attribute.AttributeType.Name == name);

    private static T? Named<T>(CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.MemberName == name).TypedValue.Value is T value ? value : default;

    private static IEnumerable<string> Texts(CustomAttributeData attribute) =>
        attribute.ConstructorArguments.SelectMany(argument => argument.Value is IEnumerable<CustomAttributeTypedArgument> items
            ? items.Select(item => (string)item.Value!)
            : [(string)argument.Value!]);
}
