namespace System.Management.Automation;

// The attributes carry what the stand-in's binder reads; the rest is there so that the cmdlets load.

public abstract class CmdletMetadataAttribute : Attribute;

public abstract class ParsingBaseAttribute : CmdletMetadataAttribute;

public class CmdletCommonMetadataAttribute : CmdletMetadataAttribute
{
    public string? DefaultParameterSetName { get; set; }

    public bool SupportsShouldProcess { get; set; }

    public ConfirmImpact ConfirmImpact { get; set; }
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class CmdletAttribute(string verbName, string nounName) : CmdletCommonMetadataAttribute
{
    public string VerbName { get; } = verbName;

    public string NounName { get; } = nounName;
}

[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class ParameterAttribute : ParsingBaseAttribute
{
    public bool Mandatory { get; set; }

    public int Position { get; set; } = int.MinValue;

    public string? ParameterSetName { get; set; }

    public bool ValueFromPipeline { get; set; }

    public bool ValueFromPipelineByPropertyName { get; set; }

    public bool ValueFromRemainingArguments { get; set; }

    public string? HelpMessage { get; set; }

    public bool DontShow { get; set; }
}

[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class OutputTypeAttribute(params Type[] type) : CmdletMetadataAttribute
{
    public Type[] Type { get; } = type;

    public string[]? ParameterSetName { get; set; }
}

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
public sealed class AliasAttribute(params string[] aliasNames) : ParsingBaseAttribute
{
    public IList<string> AliasNames { get; } = aliasNames;
}

[AttributeUsage(AttributeTargets.Property)]
public sealed class SupportsWildcardsAttribute : ParsingBaseAttribute;

[AttributeUsage(AttributeTargets.Property)]
public sealed class AllowNullAttribute : CmdletMetadataAttribute;

[AttributeUsage(AttributeTargets.Property)]
public sealed class AllowEmptyStringAttribute : CmdletMetadataAttribute;

[AttributeUsage(AttributeTargets.Property)]
public sealed class AllowEmptyCollectionAttribute : CmdletMetadataAttribute;

public abstract class ValidateArgumentsAttribute : CmdletMetadataAttribute
{
    internal virtual string? Complaint(object? value) => null;
}

[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateRangeAttribute(object minRange, object maxRange) : ValidateArgumentsAttribute
{
    public object MinRange { get; } = minRange;

    public object MaxRange { get; } = maxRange;

    internal override string? Complaint(object? value)
    {
        foreach (object? item in value is Array items ? items : new[] { value })
        {
            double number = Convert.ToDouble(item, Globalization.CultureInfo.InvariantCulture);
            if (number < Convert.ToDouble(MinRange, Globalization.CultureInfo.InvariantCulture)
                || number > Convert.ToDouble(MaxRange, Globalization.CultureInfo.InvariantCulture))
            {
                return $"{item} is not in {MinRange}..{MaxRange}.";
            }
        }

        return null;
    }
}

[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidatePatternAttribute(string regexPattern) : ValidateArgumentsAttribute
{
    internal override string? Complaint(object? value) =>
        Text.RegularExpressions.Regex.IsMatch(value?.ToString() ?? string.Empty, regexPattern) ? null : $"'{value}' does not match {regexPattern}.";
}

[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateNotNullAttribute : ValidateArgumentsAttribute;

[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateNotNullOrEmptyAttribute : ValidateArgumentsAttribute;

[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateSetAttribute(params string[] validValues) : ValidateArgumentsAttribute
{
    internal override string? Complaint(object? value) =>
        (value is Array items ? items.Cast<object?>() : [value])
            .Where(item => !validValues.Contains(item?.ToString(), StringComparer.OrdinalIgnoreCase))
            .Select(item => $"'{item}' is none of {string.Join(", ", validValues)}.").FirstOrDefault();
}

[AttributeUsage(AttributeTargets.Property)]
public class ArgumentCompleterAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;
}

public abstract class ArgumentTransformationAttribute : CmdletMetadataAttribute
{
    public abstract object Transform(EngineIntrinsics engineIntrinsics, object inputData);
}

public sealed class EngineIntrinsics;

public class ArgumentTransformationMetadataException(string message) : Exception(message);

public enum ConfirmImpact
{
    None,
    Low,
    Medium,
    High,
}

public static class VerbsCommon
{
    public const string Get = "Get";
    public const string New = "New";
    public const string Set = "Set";
    public const string Find = "Find";
}

public static class VerbsData
{
    public const string Compare = "Compare";
    public const string ConvertTo = "ConvertTo";
    public const string Export = "Export";
    public const string Import = "Import";
}

public static class VerbsLifecycle
{
    public const string Invoke = "Invoke";
}

public static class VerbsDiagnostic
{
    public const string Test = "Test";
    public const string Trace = "Trace";
}

public static class VerbsOther
{
    public const string Use = "Use";
}
