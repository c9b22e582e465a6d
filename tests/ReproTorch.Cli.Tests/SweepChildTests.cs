using System.Collections.Specialized;
using ReproTorch.Models;
using ReproTorch.Sweeps;
using ReproTorch.Tensors;

namespace ReproTorch.Cli.Tests;

/// <summary>What goes to the child process of a sweep: any arguments that a method takes.</summary>
public sealed class SweepChildTests
{
    [Fact]
    public void ArgumentsOfAllKindsGoToAChild()
    {
        using ScriptModel model = new ModelSource
        {
            Source = """
                def forward(self, x: Tensor, n: int, scale: float, flag: bool, name: str, more: List[Tensor], table: Dict[str, Tensor], none: Optional[Tensor] = None):
                    if none is not None or name != 'a b':
                        raise Exception('other arguments')
                    y = x * n * scale
                    if flag:
                        y = y + more[1] + table['k']
                    return y
                """,
        }.Compile();
        using TorchTensor x = TorchTensor.FromSpan<float>([1.5f, -2], DType.float32, 2);
        var input = new ModelInput
        {
            Arguments = [x, 3L, 0.1, true, "a b", new object[] { x, x }, new OrderedDictionary { ["k"] = x }],
        };
        SweepResult result = DeterminismSweep.Run(model, input, new SweepOptions { Dimensions = [SweepDimension.Process] });
        Assert.True(result.Identical, result.ToString());
    }
}
