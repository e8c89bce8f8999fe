using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli;

/// <summary>Logs for programs: one chunk a line, its bytes in base64, because they need not be whole characters.</summary>
internal static class LogLines
{
    public static async Task<JobView> WriteJsonAsync(Call call, string job, LogQuery query, CancellationToken cancellationToken)
    {
        await foreach (var item in call.Client.ReadLogsAsync(job, query, cancellationToken))
        {
            if (item.End is { } end) return end;
            if (item.Value is not { } chunk) continue;
            call.Print(chunk, Rendering.Lines.LogChunk);
        }

        throw new InvalidOperationException("the stream of logs ended without its end event");
    }
}
