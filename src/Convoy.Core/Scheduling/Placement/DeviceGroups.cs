namespace Convoy.Core.Scheduling.Placement;

/// <summary>How the devices of some nodes are grouped, and what <see cref="BuddyDevices"/> chooses there: looked up where it was asked before.</summary>
internal sealed class DeviceGroups(params DeviceSet[] groups)
{
    /// <summary>Up to so many devices every choice is kept.</summary>
    private const int Few = 8;

    private readonly DeviceChoice[] known = new DeviceChoice[(Few + 1) << Few];

    public ReadOnlySpan<DeviceSet> Groups => groups;

    /// <param name="count">At most the free ones.</param>
    public DeviceChoice Best(DeviceSet free, int count)
    {
        if (free.Bits >> Few != 0) return BuddyDevices.Best(free, count, groups);
        ref var choice = ref known[(count << Few) | (int)free.Bits];
        if (choice == default) choice = BuddyDevices.Best(free, count, groups);
        return choice;
    }

    /// <summary>Whether the devices lie in one group; all do where there are none.</summary>
    public bool IsTogether(DeviceChoice choice) => groups.Length == 0 || choice.Group < DeviceSet.Most || choice.Devices.Count <= 1;
}
