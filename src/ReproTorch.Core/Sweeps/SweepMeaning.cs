namespace ReproTorch.Sweeps;

/// <summary>What a finding means for whoever uses the model.</summary>
internal static class SweepMeaning
{
    /// <summary>In a sentence or two.</summary>
    /// <param name="dimension">The dimension.</param>
    /// <param name="variants">What was compared.</param>
    /// <param name="unsteady">When the bits differ though nothing is varied: then the dimension is not to blame. Null when they do not.</param>
    /// <param name="uninitialized">The operator whose uninitialized memory the model hands on, which may have the same bytes in some runs
    /// and others in the next; null for none.</param>
    public static string Of(SweepDimension dimension, IReadOnlyList<SweepVariant> variants, string? unsteady, string? uninitialized = null)
    {
        SweepVariant[] other = [.. variants.Where(variant => !variant.Identical)];
        string same = string.Join(", ", variants.Where(variant => variant.Identical).Select(variant => variant.Name));
        string differ = string.Join(", ", other.Select(variant => variant.Name));
        string where = other.Select(variant => variant.FirstDifference).FirstOrDefault(found => found is not null) is { } first
            ? $", first in {first.Operator}"
            : string.Empty;
        bool identical = other.Length == 0;
        if (!identical && unsteady is not null)
        {
            return $"Other bits ({differ}), but so too {unsteady}: nothing can be said of {Subject(dimension)}.";
        }

        string unknown = where.Length > 0 ? string.Empty
            : other.Select(variant => variant.FirstDifferenceReason).FirstOrDefault(reason => reason is not null) is { } why
                ? $" The first operator cannot be told: {why}"
                : string.Empty;
        string doubt = identical || uninitialized is null ? string.Empty
            : $" The model also hands on memory that nothing was written to ({uninitialized}), which may be why.";
        return Verdict() + unknown + doubt;

        string Verdict() => dimension switch
        {
            SweepDimension.Repeat => identical
                ? "Run again in one process with the same seed, it gives the same bits."
                : $"Run again in one process with the same seed, it gives other bits{where}: something besides the seed decides them.",
            SweepDimension.Thread => identical
                ? $"The same bits at any number of threads tried ({variants[^1].Name} at most)."
                : $"The bits depend on the number of threads ({differ} differ{where}): set the same number everywhere to get them again.",
            SweepDimension.Batch => identical
                ? "A sample gives the same bits alone and in any batch tried."
                : $"A sample's bits depend on the size of the batch that it is in ({differ}{where}): keep the batch size to get them again.",
            SweepDimension.Order => identical
                ? $"A sample gives the same bits with the batch {string.Join(" and ", variants.Select(variant => variant.Name))}."
                : $"A sample's bits depend on its place in the batch ({differ}{where}): keep the order to get them again.",
            SweepDimension.Process => identical
                ? "A fresh process gives the same bits."
                : $"A fresh process gives other bits{where}: what this process has done or set decides them too.",
            SweepDimension.CpuCapability => identical
                ? $"The same bits with any of the instructions tried ({same}): machines that differ in these alone agree."
                : $"The bits depend on the processor's instructions: as here with {(same.Length > 0 ? same : "none of those tried")}, other bits with {differ}{where}; "
                    + "a machine without those used here gives other bits unless ATEN_CPU_CAPABILITY and ONEDNN_MAX_CPU_ISA say the same on both.",
            SweepDimension.MklDnn => identical
                ? "The same bits with oneDNN and without."
                : $"The bits depend on oneDNN ({differ} differs{where}): another version of it, or a build without it, may give others.",
            SweepDimension.Traced => identical
                ? "A trace gives the same bits as the model."
                : $"A trace gives other bits than the model{where}: it froze something that this input or the executor decides.",
            SweepDimension.Scripted => identical
                ? "What TorchScript's executor rewrites does not change the bits."
                : $"TorchScript's executor changes the bits when it rewrites the model after its first runs{where}.",
            SweepDimension.Optimized => identical
                ? "Frozen and optimized, it gives the same bits."
                : $"Optimizing changes the bits ({differ}){(same.Length > 0 ? $"; {same} keeps them" : string.Empty)}.",
            SweepDimension.DType => identical
                ? "The results are the same in other floating-point types."
                : $"In another floating-point type the results differ ({differ}); MaxAbsolute tells how far.",
            SweepDimension.Machine => identical
                ? $"The same bits here and on {same}."
                : $"Other bits on {differ} than here{where}.",
            _ => identical
                ? "The same bits on every device tried."
                : $"Another device gives other bits ({differ}{where}).",
        };
    }

    private static string Subject(SweepDimension dimension) => dimension switch
    {
        SweepDimension.Thread => "the number of threads",
        SweepDimension.Batch => "the size of the batch",
        SweepDimension.Order => "the order of the samples",
        SweepDimension.Process => "fresh processes",
        SweepDimension.CpuCapability => "the processor's instructions",
        SweepDimension.MklDnn => "oneDNN",
        SweepDimension.Traced => "traces",
        SweepDimension.Scripted => "TorchScript's executor",
        SweepDimension.Optimized => "optimizing",
        SweepDimension.DType => "other types",
        SweepDimension.Machine => "the machines",
        _ => "other devices",
    };
}
