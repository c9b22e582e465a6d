using System.Globalization;

namespace ReproTorch.Tensors;

/// <summary>Kinds of device. The numbers are those of <c>rpt_device_type</c> in reprotorch.h.</summary>
public enum TorchDeviceType
{
    /// <summary>The processor.</summary>
    Cpu = 0,

    /// <summary>An NVIDIA GPU (or an AMD one in a ROCm build).</summary>
    Cuda = 1,

    /// <summary>An Apple GPU.</summary>
    Mps = 2,

    /// <summary>Shapes without data.</summary>
    Meta = 3,
}

/// <summary>Where a tensor lives, as PyTorch writes it: <c>cpu</c>, <c>cuda</c> (the current one), <c>cuda:1</c>.</summary>
public readonly record struct TorchDevice
{
    /// <summary>A device; index -1 means the current one, or the only one.</summary>
    public TorchDevice(TorchDeviceType type, int index = -1)
    {
        Type = type;
        Index = index;
    }

    /// <summary>The processor.</summary>
    public static TorchDevice Cpu { get; } = new(TorchDeviceType.Cpu);

    /// <summary>Kind of device.</summary>
    public TorchDeviceType Type { get; }

    /// <summary>Number from 0, or -1.</summary>
    public int Index { get; }

    /// <summary>Reads PyTorch's form. Upper and lower case count the same.</summary>
    public static bool TryParse(string? text, out TorchDevice device)
    {
        string[] parts = (text ?? string.Empty).Trim().ToLowerInvariant().Split(':');
        TorchDeviceType? type = parts[0] switch
        {
            "cpu" => TorchDeviceType.Cpu,
            "cuda" => TorchDeviceType.Cuda,
            "mps" => TorchDeviceType.Mps,
            "meta" => TorchDeviceType.Meta,
            _ => null,
        };
        int index = -1;
        bool valid = type is not null && (parts.Length == 1 || (parts.Length == 2
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index) && index <= 127));
        device = valid ? new TorchDevice(type!.Value, index) : default;
        return valid;
    }

    /// <summary>Reads PyTorch's form.</summary>
    /// <exception cref="ArgumentException">The text names no device.</exception>
    public static TorchDevice Parse(string text) => TryParse(text, out TorchDevice device)
        ? device
        : throw new ArgumentException($"'{text}' is no device. Expected cpu, cuda, cuda:0, cuda:1, .., mps or meta.", nameof(text));

    /// <summary>PyTorch's form.</summary>
    public override string ToString()
    {
        string type = Type switch
        {
            TorchDeviceType.Cpu => "cpu",
            TorchDeviceType.Cuda => "cuda",
            TorchDeviceType.Mps => "mps",
            _ => "meta",
        };
        return Index < 0 ? type : string.Create(CultureInfo.InvariantCulture, $"{type}:{Index}");
    }
}
