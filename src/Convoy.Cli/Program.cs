using System.Runtime.InteropServices;
using System.Text;
using Convoy.Cli;
using Convoy.Cli.Help;
using Convoy.Cli.Output;

using var stdout = new StandardStream(1);
using var stderr = new StandardStream(2);
using var error = new StreamWriter(stderr, new UTF8Encoding(false)) { AutoFlush = true };
using var interrupted = new CancellationTokenSource();
using var signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
{
    // The first Ctrl-C lets the verb say how to go on; the second one ends the program.
    context.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
});
try
{
    var (own, trailing) = CommandLine.Split(args);
    Speech.Choose(own);
    var root = CommandLine.Build();
    var parsed = CommandLine.Parse(root, own);
    using var output = new StreamWriter(stdout, new UTF8Encoding(false));
    var exit = args.Length == 0 ? ShowHelp.Write(root, output) : await RunAsync(parsed, trailing, output);
    await output.FlushAsync(CancellationToken.None);
    return exit;
}
catch (BrokenPipeException)
{
    return ExitCodes.BrokenPipe;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return ExitCodes.Detached;
}
catch (Exception e) when (Failure.Of(e) is { } failure)
{
    // The one boundary: what went wrong is said once, and becomes the exit code.
    await failure.WriteAsync(error);
    return failure.ExitCode;
}

async Task<int> RunAsync(System.CommandLine.ParseResult parsed, string[]? trailing, StreamWriter output)
{
    if (parsed.Action is not (null or System.CommandLine.Invocation.ParseErrorAction) && parsed.Action != parsed.CommandResult.Command.Action)
    {
        return await parsed.InvokeAsync(new System.CommandLine.InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interrupted.Token);
    }

    var verb = CommandLine.Check(parsed, trailing);
    using var call = new Call(parsed, trailing, output, stdout, error, stderr, TimeProvider.System);
    return await verb.Body(call, interrupted.Token);
}
