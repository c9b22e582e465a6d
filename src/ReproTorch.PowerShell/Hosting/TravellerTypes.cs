using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Shell = System.Management.Automation.PowerShell;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>
/// Gives what a session of New-PSSession sends back the properties of what it was. Clixml and jobs read with the types of the module and
/// make it what it was; a session reads with the engine's own types only (NewPSSessionCommand, TypeTable.LoadDefaultTypeFiles), so there it
/// stays a bag of bytes. Cmdlets take the bag as it is, a cast (<c>[ReproTorch.Runs.RunOutput] $bag</c>) makes it the object itself.
/// </summary>
public sealed class TravellerTypes : IModuleAssemblyInitializer
{
    /// <summary>Adds the properties to the runspace that imports the module.</summary>
    public void OnImport()
    {
        foreach (Type type in Traveller.Types)
        {
            var data = new TypeData("Deserialized." + type.FullName);
            foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                if (property.GetIndexParameters().Length == 0)
                {
                    var read = ScriptBlock.Create($"[{typeof(Traveller).FullName}]::Open($this).{property.Name}");
                    data.Members.Add(property.Name, new ScriptPropertyData(property.Name, read));
                }
            }

            using Shell shell = Shell.Create(RunspaceMode.CurrentRunspace);
            shell.AddCommand("Microsoft.PowerShell.Utility\\Update-TypeData").AddParameter("TypeData", data).AddParameter("Force").Invoke();
        }
    }
}
