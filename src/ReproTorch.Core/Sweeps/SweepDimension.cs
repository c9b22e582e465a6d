namespace ReproTorch.Sweeps;

/// <summary>What is varied while a model runs on one input with one seed.</summary>
public enum SweepDimension
{
    /// <summary>Nothing: it runs again in this process.</summary>
    Repeat,

    /// <summary>The number of threads within an operator.</summary>
    Thread,

    /// <summary>The size of the batches that the input is cut into, down to each sample alone.</summary>
    Batch,

    /// <summary>The order of the samples in the batch.</summary>
    Order,

    /// <summary>The process: a fresh one.</summary>
    Process,

    /// <summary>The processor's instructions that libtorch and oneDNN may use, in fresh processes.</summary>
    CpuCapability,

    /// <summary>Whether oneDNN (MKL-DNN) computes.</summary>
    MklDnn,

    /// <summary>A trace of the model in place of it.</summary>
    Traced,

    /// <summary>TorchScript as it stands, without what its executor rewrites after the first runs.</summary>
    Scripted,

    /// <summary>The model frozen and optimized.</summary>
    Optimized,

    /// <summary>The type of floating-point numbers.</summary>
    DType,

    /// <summary>The device.</summary>
    Device,

    /// <summary>The machine: others, which PowerShell's remoting reaches.</summary>
    Machine,
}
