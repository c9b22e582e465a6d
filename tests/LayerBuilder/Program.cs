using System.Text.Json;
using ReproTorch;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Randomness;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

// One request a line on standard input, one answer a line on standard output: null, or what went wrong. Requests:
//   {"layers": {name: layer, ..}, "seed": n, "model": file, "draw": file}  builds, saves the model and one number drawn after it
//   {"run": file, "inputs": file, "seed": n, "training": bool, "outputs": file}  runs a model on the tensors of a file, in order
//   {"copy": file, "model": file}  loads a model and saves it again
//   {"signatures": file}  writes the signatures of all layers, one a line
while (Console.ReadLine() is { } line)
{
    string? fault = null;
    try
    {
        Answer(JsonDocument.Parse(line).RootElement);
    }
    catch (ReproTorchException e)
    {
        fault = $"{e.Kind}: {e.Message}";
    }

    Console.WriteLine(fault is null ? "null" : $"\"{JsonEncodedText.Encode(fault)}\"");
}

static void Answer(JsonElement request)
{
    if (request.TryGetProperty("layers", out JsonElement layers))
    {
        KeyValuePair<string, string>[] named =
            [.. layers.EnumerateObject().Select(layer => KeyValuePair.Create(layer.Name, layer.Value.GetString()!))];
        using ScriptModel model = LayerModel.Build(named, new LayerModelOptions { Seed = Seed(request) });
        using var next = TensorFactory.Create("rand", [1], []);
        Save([next.WithName("next")], request, "draw");
        model.Save(File(request, "model"), force: true);
    }
    else if (request.TryGetProperty("run", out _))
    {
        using TorchModel model = ModelLoader.Load(File(request, "run"), new LoadOptions());
        model.SetTraining(request.GetProperty("training").GetBoolean());
        TorchTensor[] inputs = [.. TensorFile.Read(File(request, "inputs")).Select(named => TorchTensor.FromData(named.Data, name: named.Name))];
        RandomStreams.Seed(Seed(request).Given, [RandomSource.Torch], null);
        object? output = model.Invoke("forward", new ModelInput { Arguments = inputs });
        Save([.. Flatten(output, "output")], request, "outputs");
    }
    else if (request.TryGetProperty("signatures", out _))
    {
        System.IO.File.WriteAllLines(File(request, "signatures"), LayerModel.Layers.Select(layer => layer.Signature));
    }
    else
    {
        using TorchModel model = ModelLoader.Load(File(request, "copy"), new LoadOptions());
        model.Save(File(request, "model"), force: true);
    }
}

static TorchSeedValue Seed(JsonElement request) => TorchSeedValue.From(request.GetProperty("seed").GetInt64());

static string File(JsonElement request, string name) => request.GetProperty(name).GetString()!;

static void Save(IReadOnlyList<TorchTensor> tensors, JsonElement request, string name) =>
    TensorFile.Write(File(request, name), [.. tensors.Select(tensor => new NamedTensorData(tensor.Name!, tensor.ToData()))], force: true);

static IEnumerable<TorchTensor> Flatten(object? value, string name) => value switch
{
    null => [],
    TorchTensor tensor => [tensor.WithName(name)],
    TorchTuple tuple => tuple.SelectMany((item, i) => Flatten(item, $"{name}.{i}")),
    _ => throw new ReproTorchException(ReproTorchErrorKind.Internal, $"The output {name} is a {value.GetType()}."),
};
