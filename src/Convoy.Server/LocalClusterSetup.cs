using Convoy.Clusters.LocalProcesses;
using Convoy.Objects;
using Convoy.Objects.Outputs;

namespace Convoy.Server;

/// <summary>This machine as a cluster.</summary>
public static class LocalClusterSetup
{
    public const string Kind = "local";

    public static async Task<LocalCluster> OpenAsync(ServerOptions options, StateFolder state, IObjectStore objects, ILogger<LocalCluster> log, CancellationToken cancellationToken) => await LocalCluster.OpenAsync(
        new LocalClusterOptions
        {
            StateFolder = state.Cluster,
            TaskProgram = options.TaskProgram,
            NodeProgram = File.Exists(options.NodeProgram) ? options.NodeProgram : null,
            Nodes = options.Nodes,
            GpusPerNode = options.Gpus,
            Accelerator = options.Accelerator,
            ServerUrl = options.Url,
            PythonPath = PythonClient(),
            OutputLimits = new OutputLimits(options.OutputFiles, options.OutputBytes),
        },
        (sha256, folder, stop) => UnpackAsync(objects, sha256, folder, stop),
        TimeProvider.System,
        log,
        cancellationToken);

    private static async Task UnpackAsync(IObjectStore objects, string sha256, string folder, CancellationToken cancellationToken)
    {
        await using var archive = await objects.OpenReadAsync(sha256, cancellationToken) ?? throw new IOException($"the code archive {sha256} is gone");
        await CodeArchive.UnpackAsync(archive, folder, CodeArchiveLimits.Default, cancellationToken);
    }

    /// <summary>The Python client lies beside the program, or in the checkout it was built from.</summary>
    private static string? PythonClient()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var python = Path.Combine(folder, "python");
            if (File.Exists(Path.Combine(python, "convoy", "__init__.py"))) return python;
        }

        return null;
    }
}
