using System.ComponentModel;
using System.Diagnostics;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>NVIDIA's own program, where there is one.</summary>
internal static class NvidiaSmi
{
    /// <summary>Lines of values; empty where there is no driver; null where it does not answer in time.</summary>
    /// <param name="fields">Names of its query language.</param>
    public static async Task<string?> AskAsync(string fields, TimeSpan within, CancellationToken cancellationToken)
    {
        var ask = new ProcessStartInfo("nvidia-smi", [$"--query-gpu={fields}", "--format=csv,noheader,nounits"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(ask)!;
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(within);
            try
            {
                var text = await process.StandardOutput.ReadToEndAsync(deadline.Token);
                await process.WaitForExitAsync(deadline.Token);
                return process.ExitCode == 0 ? text : "";
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                cancellationToken.ThrowIfCancellationRequested();
                return null;
            }
        }
        catch (Win32Exception)
        {
            return "";
        }
    }
}
