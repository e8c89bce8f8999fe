using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Convoy.Cli.Output;
using Convoy.Client;

namespace Convoy.Cli;

/// <summary>One run of the program: its arguments, its outputs and, once asked for, its server.</summary>
internal sealed class Call(ParseResult parsed, string[]? trailing, TextWriter output, Stream rawOutput, TextWriter error, Stream rawError, TimeProvider time) : IDisposable
{
    public static readonly Option<string?> ServerOption = new("--server") { Description = "Address of the server, instead of the saved one", HelpName = "URL", Recursive = true };
    public static readonly Option<string?> TokenOption = new("--token") { Description = "Token to use (better: CONVOY_TOKEN, or sign in with convoy login)", HelpName = "TOKEN", Recursive = true };

    private ConvoyClient? client;

    public TimeProvider Time => time;

    /// <summary>Data. Nothing but what was asked for is written here.</summary>
    public TextWriter Output => output;

    /// <summary>Progress and messages; <see cref="Say"/> is the usual way.</summary>
    public TextWriter Error => error;

    /// <summary>What a task printed, byte for byte.</summary>
    public Stream RawOutput => rawOutput;

    /// <summary>The same, where standard output is for data.</summary>
    public Stream RawError => rawError;

    /// <summary>What followed <c>--</c>.</summary>
    public string[]? Trailing => trailing;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Connects when first asked for, so that bad input never reaches a server.</summary>
    public ConvoyClient Client => client ??= Connection.Open(Get(ServerOption), Get(TokenOption), time);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>Null where it may be left out and is.</summary>
    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>A message for people, after all data so far.</summary>
    public void Say(Text message)
    {
        output.Flush();
        error.WriteLine(message.Said());
    }

    /// <summary>Data that should be seen at once.</summary>
    public void Print(string line)
    {
        output.Write(line + "\n");
        output.Flush();
    }

    /// <summary>As <see cref="Print(string)"/>, one JSON object.</summary>
    public void Print<T>(T value, JsonTypeInfo<T> type)
    {
        Rendering.WriteJson(output, value, type);
        output.Flush();
    }

    /// <summary>Writes data in the format asked for; what is neither JSON nor YAML is the verb's own.</summary>
    public int Write<T>(string? format, T value, JsonTypeInfo<T> type, Action<string> other)
    {
        switch (format)
        {
            case "json":
                Rendering.WriteJson(output, value, type);
                break;
            case "yaml":
                Rendering.WriteYaml(output, value, type);
                break;
            default:
                other(format!);
                break;
        }

        return ExitCodes.Success;
    }

    public void Dispose() => client?.Dispose();
}
