namespace Convoy.Server;

/// <summary>A DNS label, because a person's own queue bears it.</summary>
public static class UserName
{
    public static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 63 } && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-') && name[0] != '-' && name[^1] != '-';
}
