using System.Management.Automation;
using ReproTorch.Models;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Says what a model is, and where one comes from, when something else is given for one.</summary>
internal sealed class ModelTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Unwrap.Value(inputData) switch
    {
        TorchModel model => model,
        string text => throw new ArgumentTransformationMetadataException(
            $"The text '{text}' was given for the model. Expected a model: if that is the path of its file, give (Import-TorchModel '{text.Replace("'", "''", StringComparison.Ordinal)}')."),
        var other => throw new ArgumentTransformationMetadataException(
            $"{(other is null ? "Nothing ($null)" : $"'{other}' ({other.GetType().Name})")} was given for the model. Expected a model: import one from its "
                + "file by Import-TorchModel, or build one by New-TorchModel, and give that."),
    };
}
