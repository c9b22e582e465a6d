using ReproTorch.Determinism;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Whether a rule applies to a use of an operator.</summary>
/// <param name="Applies">In one of the model's modes at least.</param>
/// <param name="IsNow">In the mode that the model is in.</param>
/// <param name="If">What it takes beside that, which the model alone does not decide; null when nothing.</param>
internal readonly record struct RuleMatch(bool Applies, bool IsNow, string? If)
{
    public static RuleMatch Of(NondeterminismRule rule, OperatorUse use, TorchDevice device)
    {
        bool isNow = use.Live;
        List<string> conditions = rule.Condition is { } condition ? [condition] : [];
        if (!rule.Assumed || (rule.Device is { } type && type != device.Type) || IsHarmless(rule, use))
        {
            return default;
        }

        foreach ((string name, IReadOnlyList<string> values) in rule.When)
        {
            if (use.Argument(name) is not { } argument)
            {
                conditions.Add($"{name} is {string.Join(" or ", values)}");
            }
            else if (!values.Contains(argument.Value))
            {
                return default;
            }
        }

        foreach ((string name, IReadOnlyList<string> values) in rule.Unless)
        {
            if (use.Argument(name) is { } argument && values.Contains(argument.Value))
            {
                if (!argument.ByMode)
                {
                    return default;
                }

                isNow = false;
            }
        }

        return new RuleMatch(true, isNow, conditions.Count == 0 ? null : string.Join(" and ", conditions));
    }

    // Memory that is written over before anyone reads it is no rule's matter.
    private static bool IsHarmless(NondeterminismRule rule, OperatorUse use) => use.Overwritten
        && rule.Behaviour is (NondeterministicBehaviour.LeavesUninitialized or NondeterministicBehaviour.FillsInDeterministicMode);
}
