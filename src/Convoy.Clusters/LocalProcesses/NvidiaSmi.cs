using System.ComponentModel;
using System.Diagnostics;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>NVIDIA's own program, where there is one.</summary>
internal static class NvidiaSmi
{
    private static readonly TimeSpan AskingTakes = TimeSpan.FromSeconds(30);

    /// <summary>Lines of values; empty where there is no driver, or it does not answer.</summary>
    /// <param name="fields">Names of its query language.</param>
    public static async Task<string> AskAsync(string fields, CancellationToken cancellationToken)
    {
        var ask = new ProcessStartInfo("nvidia-smi", [$"--query-gpu={fields}", "--format=csv,noheader,nounits"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(ask)!;
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(AskingTakes);
            try
            {
                var text = await process.StandardOutput.ReadToEndAsync(deadline.Token);
                await process.WaitForExitAsync(deadline.Token);
                return process.ExitCode == 0 ? text : "";
            }
            catch (OperationCanceledException)
            {
                // A hanging driver is no reason not to run what needs no device.
                process.Kill();
                cancellationToken.ThrowIfCancellationRequested();
                return "";
            }
        }
        catch (Win32Exception)
        {
            return "";
        }
    }
}
