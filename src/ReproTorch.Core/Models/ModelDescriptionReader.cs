using System.Runtime.InteropServices;
using System.Text.Json;
using ReproTorch.Interop;

namespace ReproTorch.Models;

/// <summary>
/// Reads what rpt_module_describe writes, token by token: every model that is loaded is described, and a serializer would spend
/// more time on compiling itself than on this.
/// </summary>
internal static class ModelDescriptionReader
{
    private delegate T ReadItem<T>(ref Utf8JsonReader json);

    /// <summary>Has the reader compiled beside other work, by reading a small model.</summary>
    public static void Prepare()
    {
        var json = new Utf8JsonReader(
            """
            {"methods": [{"name": "forward", "schema": "forward(\"\")", "arguments": [], "returns": ["Tensor"]}],
             "parameters": [{"name": "weight", "dtype": "float32", "shape": [1], "requiresGrad": true, "device": "cpu"}]}
            """u8);
        json.Read();
        _ = Description(ref json);
    }

    /// <summary>Reads the text and frees it.</summary>
    public static unsafe ModelDescription Take(nint text)
    {
        try
        {
            var json = new Utf8JsonReader(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)text));
            json.Read();
            return Description(ref json);
        }
        finally
        {
            NativeMethods.rpt_string_free(text);
        }
    }

    private static ModelDescription Description(ref Utf8JsonReader json)
    {
        var description = new ModelDescription();
        while (NextProperty(ref json, out string name))
        {
            description = name switch
            {
                "type" => description with { Type = Text(ref json) },
                "training" => description with { Training = json.GetBoolean() },
                "methods" => description with { Methods = Items(ref json, Method) },
                "parameters" => description with { Parameters = Items(ref json, Tensor) },
                "buffers" => description with { Buffers = Items(ref json, Tensor) },
                "attributes" => description with { Attributes = Items(ref json, Member) },
                "submodules" => description with { Submodules = Items(ref json, Member) },
                _ => Skip(ref json, description),
            };
        }

        return description;
    }

    private static ModelMethod Method(ref Utf8JsonReader json)
    {
        var method = new ModelMethod();
        while (NextProperty(ref json, out string name))
        {
            method = name switch
            {
                "name" => method with { Name = Text(ref json) },
                "schema" => method with { Schema = Text(ref json) },
                "arguments" => method with { Arguments = Items(ref json, Argument) },
                "returns" => method with { Returns = Items(ref json, Text) },
                _ => Skip(ref json, method),
            };
        }

        return method;
    }

    private static ModelArgument Argument(ref Utf8JsonReader json)
    {
        var argument = new ModelArgument();
        while (NextProperty(ref json, out string name))
        {
            argument = name switch
            {
                "name" => argument with { Name = Text(ref json) },
                "type" => argument with { Type = Text(ref json) },
                "optional" => argument with { Optional = json.GetBoolean() },
                _ => Skip(ref json, argument),
            };
        }

        return argument;
    }

    private static ModelTensor Tensor(ref Utf8JsonReader json)
    {
        string tensorName = string.Empty, dtype = string.Empty, device = string.Empty;
        long[] shape = [];
        bool requiresGrad = false;
        while (NextProperty(ref json, out string name))
        {
            switch (name)
            {
                case "name":
                    tensorName = Text(ref json);
                    break;
                case "dtype":
                    dtype = Text(ref json);
                    break;
                case "shape":
                    shape = Sizes(ref json);
                    break;
                case "requiresGrad":
                    requiresGrad = json.GetBoolean();
                    break;
                case "device":
                    device = Text(ref json);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return new ModelTensor { Name = tensorName, DType = dtype, Shape = shape, RequiresGrad = requiresGrad, Device = device };
    }

    private static ModelMember Member(ref Utf8JsonReader json)
    {
        string memberName = string.Empty, type = string.Empty;
        while (NextProperty(ref json, out string name))
        {
            switch (name)
            {
                case "name":
                    memberName = Text(ref json);
                    break;
                case "type":
                    type = Text(ref json);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return new ModelMember { Name = memberName, Type = type };
    }

    // Ends on the property's value, or on the object's end.
    private static bool NextProperty(ref Utf8JsonReader json, out string name)
    {
        json.Read();
        bool found = json.TokenType == JsonTokenType.PropertyName;
        name = found ? json.GetString()! : string.Empty;
        return found && json.Read();
    }

    private static List<T> Items<T>(ref Utf8JsonReader json, ReadItem<T> read)
    {
        var items = new List<T>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            items.Add(read(ref json));
        }

        return items;
    }

    private static long[] Sizes(ref Utf8JsonReader json)
    {
        int count = 0;
        for (Utf8JsonReader ahead = json; ahead.Read() && ahead.TokenType == JsonTokenType.Number; count++)
        {
        }

        var sizes = new long[count];
        for (int i = 0; json.Read() && json.TokenType == JsonTokenType.Number; i++)
        {
            sizes[i] = json.GetInt64();
        }

        return sizes;
    }

    private static string Text(ref Utf8JsonReader json) => json.GetString() ?? string.Empty;

    private static T Skip<T>(ref Utf8JsonReader json, T unchanged)
    {
        json.Skip();
        return unchanged;
    }
}
