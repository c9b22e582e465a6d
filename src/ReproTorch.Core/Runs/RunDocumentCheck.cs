using System.Globalization;
using ReproTorch.Provenance;

namespace ReproTorch.Runs;

/// <summary>What the serializer lets through where the document's types have none: nulls among the items of a list or the values of a
/// dictionary, and numbers beyond a double's range.</summary>
internal static class RunDocumentCheck
{
    /// <summary>Where there is such a thing, and what; null where there is none.</summary>
    public static string? FindMisfit(RunDocument document) => Items(document.Runs, "runs", InRun);

    private static string? InRun(RunRecord run, string place) =>
        Items(run.Inputs, $"{place}.inputs")
        ?? Items(run.Outputs, $"{place}.outputs")
        ?? Items(run.Arguments, $"{place}.arguments", (argument, at) => InNode(argument.Value, $"{at}.value"))
        ?? Finite(run.Duration, $"{place}.duration")
        ?? InEnvironment(run.Environment, $"{place}.environment");

    private static string? InNode(RunNode node, string place) =>
        Items(node.List, $"{place}.list", InNode)
        ?? Items(node.Tuple, $"{place}.tuple", InNode)
        ?? Items(node.Names, $"{place}.names")
        ?? Items(node.Dict, $"{place}.dict", (entry, at) => Finite(entry.FloatKey, $"{at}.floatKey") ?? InNode(entry.Value, $"{at}.value"));

    private static string? InEnvironment(TorchEnvironment? environment, string place) =>
        environment is null ? null
            : environment.Variables.FirstOrDefault(pair => pair.Value is null).Key is { } variable ? $"{place}.variables.{variable} is null"
            : Items(environment.CudaDevices, $"{place}.cudaDevices");

    private static string? Items<T>(IReadOnlyList<T>? items, string place, Func<T, string, string?>? inside = null) =>
        items?.Select((item, i) =>
        {
            string at = string.Create(CultureInfo.InvariantCulture, $"{place}[{i}]");
            return item is null ? $"{at} is null" : inside?.Invoke(item, at);
        }).FirstOrDefault(misfit => misfit is not null);

    private static string? Finite(double? value, string place) =>
        value is { } number && !double.IsFinite(number) ? $"{place} is beyond the range of a double" : null;
}
