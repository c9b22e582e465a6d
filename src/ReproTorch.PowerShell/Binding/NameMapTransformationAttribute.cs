using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Lets names be mapped by a dictionary: <c>@{ 'output.0' = 'output.logits' }</c>.</summary>
internal sealed class NameMapTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (Unwrap.Value(inputData) is not IDictionary dictionary)
        {
            throw new ArgumentTransformationMetadataException(
                $"'{inputData}' maps no names. Expected a dictionary from the reference's names to the difference's, such as "
                    + "@{ 'output.0' = 'output.logits' }.");
        }

        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in dictionary)
        {
            string name = Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!;
            names[name] = Unwrap.Value(entry.Value) as string
                ?? throw new ArgumentTransformationMetadataException($"'{name}' is mapped to '{entry.Value}', which is no name.");
        }

        return names;
    }
}
