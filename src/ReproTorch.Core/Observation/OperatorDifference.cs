namespace ReproTorch.Observation;

/// <summary>In what two traces differ at one place.</summary>
public enum OperatorDifferenceKind
{
    /// <summary>An operator that only the reference ran.</summary>
    OnlyInReference,

    /// <summary>An operator that only the difference ran.</summary>
    OnlyInDifference,

    /// <summary>The same operator drew another number of random numbers.</summary>
    Draws,

    /// <summary>The same operator on other types, shapes or values of arguments.</summary>
    Inputs,

    /// <summary>The same operator gave results of another type or shape.</summary>
    Outputs,

    /// <summary>The same operator on inputs of the same types gave other bytes.</summary>
    Hashes,

    /// <summary>The same operator drew as many numbers, but its generator stood at another place in its stream, or had another seed.</summary>
    Streams,
}

/// <summary>One place at which two traces differ.</summary>
/// <param name="Kind">In what.</param>
/// <param name="Reference">The reference's operator; null where it has none.</param>
/// <param name="Difference">The difference's operator; null where it has none.</param>
public sealed record OperatorDifference(OperatorDifferenceKind Kind, OperatorRecord? Reference, OperatorRecord? Difference)
{
    /// <summary>The operator that is meant: the difference's, or the reference's where that has none.</summary>
    public OperatorRecord Operator => Difference ?? Reference!;

    /// <summary>Inside: the first operator below the two at which they part ways; null where nothing below differs. Of more than 64
    /// inside one another those in the middle are left out: the innermost tells most.</summary>
    public OperatorDifference? Inside { get; init; }

    /// <summary>Script and line.</summary>
    public string? Place => Operator.Place;

    /// <summary>In words.</summary>
    public override string ToString() => Kind switch
    {
        OperatorDifferenceKind.OnlyInReference => $"only the reference ran {Reference}{Drew(Reference!)}",
        OperatorDifferenceKind.OnlyInDifference => $"only the difference ran {Difference}{Drew(Difference!)}",
        OperatorDifferenceKind.Draws => $"{Difference}: the reference drew {Count(Reference!)}, the difference {Count(Difference!)}",
        OperatorDifferenceKind.Inputs => $"{Difference}: {Changed("argument", Reference!.Inputs, Difference!.Inputs)}",
        OperatorDifferenceKind.Outputs => $"{Difference}: {Changed("result", Reference!.Outputs, Difference!.Outputs)}",
        OperatorDifferenceKind.Streams =>
            $"{Difference} drew {Count(Difference!)} in both, but from another seed or another place in the stream",
        _ => $"{Difference}: inputs of the same types, other bytes in the result",
    };

    private static string Drew(OperatorRecord record) => record.Draws.Count == 0 ? string.Empty : $", which drew {Count(record)}";

    private static string Count(OperatorRecord record) => record.Draws.Count == 0
        ? "nothing"
        : string.Join(" and ", record.Draws.Select(draw => $"{draw.Value} numbers ({draw.Key})"));

    private static string Changed(string what, IReadOnlyList<string> reference, IReadOnlyList<string> difference)
    {
        for (int i = 0; i < Math.Max(reference.Count, difference.Count); i++)
        {
            string one = i < reference.Count ? reference[i] : "nothing";
            string other = i < difference.Count ? difference[i] : "nothing";
            if (one != other)
            {
                return $"{what} {i} is {one} in the reference, {other} in the difference";
            }
        }

        return $"other {what}s";
    }
}
