using Convoy.Client;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Submission;

/// <summary>On this machine's own platform, tasks run in the Python environment that is active where they were submitted.</summary>
internal static class ActivePython
{
    private const string LocalCluster = "local";
    private static readonly string[] Marks = ["VIRTUAL_ENV", "CONDA_PREFIX"];

    public static async Task<JobSpec> InheritAsync(Call call, JobSpec spec, CancellationToken cancellationToken)
    {
        if (Marks.FirstOrDefault(mark => Variable(mark) is not null) is not { } active || !await IsThisMachineAsync(call.Client, cancellationToken)) return spec;
        var variables = new Dictionary<string, string>(spec.Env);
        foreach (var name in Marks.Append("PATH"))
        {
            if (Variable(name) is { } value) variables.TryAdd(name, value);
        }

        call.Say($"python: {variables[active]} ({active}); the tasks get it with your PATH");
        return spec with { Env = variables };
    }

    /// <summary>Elsewhere the folders would not be there.</summary>
    private static async Task<bool> IsThisMachineAsync(ConvoyClient client, CancellationToken cancellationToken) =>
        client.Server.IsLoopback && (await client.ListClustersAsync(null, null, cancellationToken)).Items is { Count: > 0 } clusters && clusters.All(cluster => cluster.Kind == LocalCluster);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
