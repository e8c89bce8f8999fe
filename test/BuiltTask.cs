using System.Reflection;

namespace Convoy;

/// <summary>
/// The supervisor of tasks under test: what <c>CONVOY_TASK_PROGRAM</c> names, compiled ahead of time as people get it (<c>./test.sh</c> makes
/// one, which starts a task some fifteen times faster), or else the one that this build made.
/// </summary>
internal static class BuiltTask
{
    public static string Program { get; } = Environment.GetEnvironmentVariable("CONVOY_TASK_PROGRAM") is { Length: > 0 } given
        ? given
        : typeof(BuiltTask).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "TaskProgram").Value!;
}
