using System.Security.Cryptography;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>Specs of small jobs.</summary>
internal static class Jobs
{
    public static JobSpec Shell(string name, string script, int tasks = 1, int gpus = 0) => Command(name, ["/bin/sh", "-c", script], tasks, gpus);

    public static JobSpec Command(string name, IReadOnlyList<string> command, int tasks = 1, int gpus = 0) => new()
    {
        Name = name,
        Roles = new Dictionary<string, RoleSpec>
        {
            ["worker"] = new() { Command = command, Replicas = new Replicas(tasks, tasks), Resources = new ResourceSpec { Gpu = gpus } },
        },
    };

    /// <summary>Waits in the shell until the file is there.</summary>
    public static string Until(string file) => $"while ! [ -e {file} ]; do sleep 0.05; done";

    public static JobId NewId() => JobId.FromBits(RandomNumberGenerator.GetBytes(10));
}
