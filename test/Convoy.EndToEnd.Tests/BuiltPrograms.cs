using System.Reflection;

namespace Convoy.EndToEnd.Tests;

/// <summary>The programs under test, as this build made them.</summary>
internal static class BuiltPrograms
{
    public static string Cli { get; } = Environment.GetEnvironmentVariable("CONVOY_CLI_PROGRAM") ?? Named("CliProgram");

    public static string Server { get; } = Named("ServerProgram");

    public static string Node { get; } = Named("NodeProgram");

    public static string Agent { get; } = Named("AgentProgram");

    public static string Task => BuiltTask.Program;

    /// <summary>The folder of the checkout.</summary>
    public static string Samples { get; } = Named("Samples");

    private static string Named(string key) => typeof(BuiltPrograms).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}
