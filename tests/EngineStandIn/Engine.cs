using System.Globalization;
using System.Reflection;

namespace System.Management.Automation;

/// <summary>Runs one cmdlet as the engine would: binds parameters by name through their transformations and validations, feeds
/// pipeline objects to the parameter that takes them, and calls the three phases.</summary>
public static class Engine
{
    /// <summary>Runs a cmdlet without pipeline input.</summary>
    public static Shell Run<T>(params (string Name, object? Value)[] parameters)
        where T : PSCmdlet, new() => Run<T>(new Shell(), pipeline: null, parameters);

    /// <summary>Runs a cmdlet on pipeline objects.</summary>
    public static Shell Pipe<T>(IEnumerable<object?> pipeline, params (string Name, object? Value)[] parameters)
        where T : PSCmdlet, new() => Run<T>(new Shell(), pipeline, parameters);

    /// <summary>Runs a cmdlet in a shell that the caller made; null for no pipeline input.</summary>
    public static Shell Run<T>(Shell shell, IEnumerable<object?>? pipeline, params (string Name, object? Value)[] parameters)
        where T : PSCmdlet, new()
    {
        var cmdlet = new T { Shell = shell };
        using var disposable = cmdlet as IDisposable;
        foreach ((string name, object? value) in parameters)
        {
            PropertyInfo property = typeof(T).GetProperty(name)
                ?? throw new InvalidOperationException($"{typeof(T).Name} has no parameter {name}.");
            Bind(cmdlet, property, value);
            shell.Invocation.BoundParameters[name] = value;
        }

        shell.Invocation.ExpectingInput = pipeline is not null;
        cmdlet.Begin();
        if (pipeline is null)
        {
            cmdlet.Process();
        }
        else
        {
            PropertyInfo target = typeof(T).GetProperties().Single(
                property => property.GetCustomAttributes<ParameterAttribute>().Any(parameter => parameter.ValueFromPipeline));
            foreach (object? item in pipeline)
            {
                Bind(cmdlet, target, item);
                cmdlet.Process();
            }
        }

        cmdlet.End();
        return shell;
    }

    /// <summary>Asks a cmdlet that is between two inputs to stop, as Ctrl+C does.</summary>
    public static void Stop(PSCmdlet cmdlet)
    {
        ArgumentNullException.ThrowIfNull(cmdlet);
        cmdlet.Stop();
    }

    private static void Bind(PSCmdlet cmdlet, PropertyInfo property, object? value)
    {
        foreach (ArgumentTransformationAttribute transformation in property.GetCustomAttributes<ArgumentTransformationAttribute>())
        {
            value = transformation.Transform(new EngineIntrinsics(), value!);
        }

        value = ConvertTo(value, property.PropertyType);
        foreach (ValidateArgumentsAttribute validation in property.GetCustomAttributes<ValidateArgumentsAttribute>())
        {
            if (validation.Complaint(value) is { } complaint)
            {
                throw new ArgumentTransformationMetadataException($"{property.Name}: {complaint}");
            }
        }

        property.SetValue(cmdlet, value);
    }

    // The few conversions of the engine's own binder that tests use.
    private static object? ConvertTo(object? value, Type type)
    {
        if (value is null || type.IsInstanceOfType(value))
        {
            return value;
        }

        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(SwitchParameter))
        {
            return new SwitchParameter((bool)value);
        }

        if (plain.IsArray)
        {
            Type element = plain.GetElementType()!;
            object?[] items = value is Collections.IEnumerable list and not string ? [.. list.Cast<object?>()] : [value];
            Array array = Array.CreateInstance(element, items.Length);
            for (int i = 0; i < items.Length; i++)
            {
                array.SetValue(ConvertTo(items[i], element), i);
            }

            return array;
        }

        return plain.IsInstanceOfType(value) ? value
            : plain.IsEnum && value is string name ? Enum.Parse(plain, name, ignoreCase: true)
            : Convert.ChangeType(value, plain, CultureInfo.InvariantCulture);
    }
}
