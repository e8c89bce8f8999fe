using System.Numerics;

namespace Convoy.Core.Scheduling.Placement;

/// <summary>Devices of one node by index, 0 to 63, as a bit mask.</summary>
public readonly record struct DeviceSet(ulong Bits)
{
    public const int Most = 64;

    public static DeviceSet None => default;

    public int Count => BitOperations.PopCount(Bits);

    /// <summary>One more than the highest index; 0 where there is none.</summary>
    public int End => Most - BitOperations.LeadingZeroCount(Bits);

    public bool Contains(int device) => device is >= 0 and < Most && (Bits >> device & 1) != 0;

    public static DeviceSet Of(params IEnumerable<int> devices)
    {
        var bits = 0UL;
        foreach (var device in devices)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(device);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(device, Most);
            bits |= 1UL << device;
        }

        return new DeviceSet(bits);
    }

    public static DeviceSet operator &(DeviceSet left, DeviceSet right) => new(left.Bits & right.Bits);

    public static DeviceSet operator |(DeviceSet left, DeviceSet right) => new(left.Bits | right.Bits);

    /// <summary>What is in the left and not in the right.</summary>
    public static DeviceSet operator -(DeviceSet left, DeviceSet right) => new(left.Bits & ~right.Bits);

    /// <summary>Lowest first.</summary>
    public int[] ToArray()
    {
        var devices = new int[Count];
        var bits = Bits;
        for (var i = 0; i < devices.Length; i++, bits &= bits - 1) devices[i] = BitOperations.TrailingZeroCount(bits);
        return devices;
    }
}
