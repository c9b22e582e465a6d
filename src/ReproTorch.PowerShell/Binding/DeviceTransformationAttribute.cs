using System.Management.Automation;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Lets a device be given as PyTorch's text: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>.</summary>
internal sealed class DeviceTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = Unwrap.Value(inputData);
        return value switch
        {
            TorchDevice => value,
            string text when TorchDevice.TryParse(text, out TorchDevice device) => device,
            _ => throw new ArgumentTransformationMetadataException(
                $"'{value}' is no device. Expected cpu, cuda, cuda:0, cuda:1, .., mps or meta."),
        };
    }
}
