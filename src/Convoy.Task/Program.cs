using System.Globalization;
using System.Reflection;
using Convoy.Supervision;

try
{
    return args switch
    {
        ["run", var folder] => new Supervisor(Path.GetFullPath(folder), TimeProvider.System).Run(),
        ["exec", var folder, var supervisor, .. var datasets] when int.TryParse(supervisor, CultureInfo.InvariantCulture, out var pid) => Execution.Run(folder, pid, datasets),
        ["--version"] => Say(Version()),
        ["--help" or "-h"] => Say(Usage()),
        _ => Refuse(),
    };
}
catch (IOException e)
{
    Output.Error(e.Message);
    return ExitCodes.CannotWrite;
}

static string Usage() =>
    """
    convoy-task run FOLDER    start the task that FOLDER/task.json describes, at most once ever, and stay until
                              no process of it is left; FOLDER/exit then tells how it ended
    convoy-task --version
    convoy-task --help
    """;

static string Version() => typeof(Supervisor).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

static int Say(string text)
{
    Output.Line(text);
    return ExitCodes.Done;
}

static int Refuse()
{
    Output.Error($"unknown arguments\n{Usage()}");
    return ExitCodes.Usage;
}
