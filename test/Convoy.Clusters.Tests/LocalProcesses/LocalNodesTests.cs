using Convoy.Clusters.LocalProcesses;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalNodesTests
{
    private static readonly LocalClusterOptions Options = new() { StateFolder = "/nowhere", TaskProgram = "/nowhere/convoy-task", ServerUrl = "http://127.0.0.1:1" };

    [Theory]
    [InlineData("0, NVIDIA H100 80GB HBM3, 81559", "H100-80G")]
    [InlineData("0, NVIDIA A100-SXM4-40GB, 40536", "A100-40G")]
    [InlineData("0, Tesla V100-SXM2-16GB, 16160", "V100-16G")]
    [InlineData("0, NVIDIA H200, 143771", "H200-141G")]
    [InlineData("0, NVIDIA L40S, 46068", "L40S-48G")]
    [InlineData("0, Tesla T4, 15360", "T4-16G")]
    [InlineData("0, NVIDIA GeForce RTX 4090, 24564", "RTX4090-24G")]
    [InlineData("0, NVIDIA H100 PCIe, [N/A]", "H100")]
    public void A_device_bears_its_model_and_memory(string line, string type) =>
        FoundDevice.Parse(line + "\n").ShouldHaveSingleItem().Type.ShouldBe(type);

    [Fact]
    public void What_a_driver_says_instead_of_a_table_is_no_device() =>
        FoundDevice.Parse("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n").ShouldBeEmpty();

    [Fact]
    public void Found_devices_keep_their_indexes_and_are_dealt_out_in_runs()
    {
        var found = Enumerable.Range(0, 8).Select(index => new FoundDevice(index, "A100-80G")).ToArray();
        var nodes = LocalNodes.Split(Options with { Nodes = 3 }, found, 64, 512L << 30);
        nodes.SelectMany(node => node.Devices).ShouldBe(Enumerable.Range(0, 8));
        nodes.ShouldAllBe(node => node.Devices.Count >= 2 && node.Accelerator == "A100-80G" && node.AssignsDevices);
        nodes.Select(node => node.Name).ShouldBe(["node-0", "node-1", "node-2"]);
    }

    [Fact]
    public void Declared_devices_count_from_zero_on_every_node_and_every_node_has_a_core()
    {
        var nodes = LocalNodes.Split(Options with { Nodes = 4, GpusPerNode = 2, Accelerator = "H100-80G" }, [], 2, 16L << 30);
        nodes.Count.ShouldBe(4);
        nodes.ShouldAllBe(node => node.Devices.SequenceEqual(new[] { 0, 1 }) && node.Accelerator == "H100-80G" && node.CpuMillicores == 1000 && node.MemoryBytes == 4L << 30);
    }

    [Fact]
    public void A_node_without_devices_has_no_accelerator_and_cores_are_shared_evenly()
    {
        var node = LocalNodes.Split(Options with { Nodes = 2, GpusPerNode = 0 }, [], 9, 1L << 30)[1];
        node.Accelerator.ShouldBeNull();
        node.Devices.ShouldBeEmpty();
        node.CpuMillicores.ShouldBe(4500);
    }

    [Fact]
    public void Of_a_mixed_machine_the_commonest_type_is_used() =>
        LocalNodes.Split(Options, [new(0, "T4-16G"), new(1, "A100-80G"), new(2, "A100-80G")], 8, 1L << 30).ShouldHaveSingleItem().Devices.ShouldBe([1, 2]);
}
