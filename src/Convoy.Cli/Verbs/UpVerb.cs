using System.CommandLine;
using Convoy.Client;

namespace Convoy.Cli.Verbs;

internal static class UpVerb
{
    private const string ServerProgram = "convoy-server";

    public static Command Build()
    {
        var state = Options.Folder("--state", "DIR", "Where everything is kept (default: $XDG_STATE_HOME/convoy, else ~/.local/state/convoy, as root /var/lib/convoy)");
        var listen = Options.Text("--listen", "HOST:PORT", "Address to serve on (default: 127.0.0.1:7788)");
        var gpus = Options.Number("--gpus", "N", "Declare N devices per node instead of asking nvidia-smi", 0, 1024);
        var nodes = Options.Number("--nodes", "M", "Split this machine into M virtual nodes", 1, 1024);
        var accelerator = Options.Text("--accelerator", "TYPE", "Type of the declared devices, such as A100-80G");
        var growAfter = Options.Text("--grow-after", "TIME", "How long an elastic job keeps its size before it grows (default: 10m)");
        var reserve = Options.Text("--disk-reserve", "SIZE", "Room kept for what runs; nothing new is taken while less is free (default: a twentieth of the disk, from 16Mi to 2Gi)");
        var retention = Options.Text("--retention", "KIND=TIME,...", "How long what ended jobs left is kept, such as logs=30d,outputs=forever; see `convoy-server --help`");
        var config = Options.File("--config", "More of the server's options (convoy.yaml); what is given here goes before it");
        var trust = Options.Switch("--trust-tasks", "Allow more than one person although all tasks run under one uid");
        var certificate = Options.File("--tls-cert", "Certificate chain (PEM); needed for an address beyond loopback");
        var key = Options.File("--tls-key", "Its private key (PEM)");
        return new Verb("up", "Run the whole platform on this machine, until Ctrl-C")
        {
            Examples = ["convoy up", "convoy up --nodes 2 --gpus 4          # try gangs without a GPU", "convoy up --state /data/convoy --listen 127.0.0.1:7799"],
            About = "The first start makes an administrator, whose token lies in the state folder, and writes the context `local`. Jobs go on when the platform is stopped, and are taken up by the next start.",
            SeeAlso = ["login", "submit", "node list"],
            Options = { state, listen, gpus, nodes, accelerator, growAfter, reserve, retention, config, trust, certificate, key },
            Body = (call, _) =>
            {
                var program = Path.Combine(AppContext.BaseDirectory, ServerProgram);
                if (!File.Exists(program)) throw new CommandException(ExitCodes.Invalid, "NoServerProgram", $"{program} is missing; this installation has only the command line: install the whole platform, or use another server with `convoy login URL`");
                List<string> arguments = [program, "--write-context", Contexts.DefaultFile()];
                Add("--state", call.Get(state));
                Add("--listen", call.Get(listen));
                Add("--gpus", call.Get(gpus)?.ToString(System.Globalization.CultureInfo.InvariantCulture));
                Add("--nodes", call.Get(nodes)?.ToString(System.Globalization.CultureInfo.InvariantCulture));
                Add("--accelerator", call.Get(accelerator));
                Add("--grow-after", call.Get(growAfter));
                Add("--disk-reserve", call.Get(reserve));
                Add("--retention", call.Get(retention));
                Add("--config", call.Get(config));
                Add("--tls-cert", call.Get(certificate));
                Add("--tls-key", call.Get(key));
                Add("--lang", Core.Languages.LanguageTags.Of(Speech.Language));
                if (call.Get(trust)) arguments.Add("--trust-tasks");

                // The server takes this process's place: signals and the exit code are its own.
                throw new IOException($"cannot execute {program}: {ProgramImage.Replace(program, arguments)}");

                void Add(string name, string? value)
                {
                    if (value is not null) arguments.AddRange([name, value]);
                }
            },
        };
    }
}
