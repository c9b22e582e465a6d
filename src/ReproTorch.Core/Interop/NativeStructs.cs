using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

/// <summary>rpt_tensor_info of reprotorch.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeTensorInfo
{
    public uint StructSize;
    public int DType;
    public int DeviceType;
    public int DeviceIndex;
    public int Dimensions;
    public int RequiresGrad;
    public int IsContiguous;
    public int IsDense;
    public int IsQuantized;
    public int IsShared;
    public long Elements;
    public long StorageBytes;
    public long* Sizes;
    public long* Strides;
    public void* Data;

    public static NativeTensorInfo Create() => new() { StructSize = (uint)sizeof(NativeTensorInfo) };
}

/// <summary>rpt_determinism of reprotorch.h: -1 means "leave as it is" going in and "not there" coming out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeDeterminism
{
    public uint StructSize;
    public int Algorithms;
    public int CudnnEnabled;
    public int CudnnBenchmark;
    public int CudnnDeterministic;
    public int CudnnAllowTF32;
    public int CublasAllowTF32;
    public int MatmulPrecision;
    public int FillUninitializedMemory;
    public int MkldnnEnabled;
    public int FlushDenormal;
    public int Threads;
    public int InteropThreads;

    public static NativeDeterminism Unchanged() => new()
    {
        StructSize = (uint)sizeof(NativeDeterminism),
        Algorithms = -1,
        CudnnEnabled = -1,
        CudnnBenchmark = -1,
        CudnnDeterministic = -1,
        CudnnAllowTF32 = -1,
        CublasAllowTF32 = -1,
        MatmulPrecision = -1,
        FillUninitializedMemory = -1,
        MkldnnEnabled = -1,
        FlushDenormal = -1,
        Threads = -1,
        InteropThreads = -1,
    };
}

/// <summary>rpt_optimizer_numbers of reprotorch.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeOptimizerNumbers
{
    public uint StructSize;
    public int Maximize;
    public int Nesterov;
    public int Amsgrad;
    public int Centered;
    public int Reserved;
    public double LearningRate;
    public double WeightDecay;
    public double Momentum;
    public double Dampening;
    public double Beta1;
    public double Beta2;
    public double Eps;
    public double Alpha;
    public double LearningRateDecay;
    public double InitialAccumulatorValue;

    public static NativeOptimizerNumbers Create() => new() { StructSize = (uint)sizeof(NativeOptimizerNumbers) };
}

/// <summary>rpt_value_kind of reprotorch.h.</summary>
internal enum NativeValueKind
{
    None = 0,
    Tensor = 1,
    Bool = 2,
    Int = 3,
    Double = 4,
    Complex = 5,
    String = 6,
    Device = 7,
    Tuple = 8,
    List = 9,
    Dict = 10,
    Generator = 11,
    Object = 12,
    Other = 13,
}
