namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>What code for the device must not hold. A class of the same name in the project of violations breaks each rule.</summary>
public enum DeviceRule
{
    /// <summary>A generic class, struct, interface or delegate: compiles there, then breaks at run time.</summary>
    GenericType,

    /// <summary>A generic method: compiles there, then breaks at run time.</summary>
    GenericMethod,

    /// <summary>A use of a generic type or method, of `int?`, of a span.</summary>
    GenericInstantiation,

    /// <summary>An opcode that should throw on overflow: on the device it wraps in silence.</summary>
    OverflowOpcode,

    /// <summary>An array of rank two or more, or one that does not start at zero.</summary>
    MultiDimensionalArray,

    /// <summary>An interface method with a body.</summary>
    DefaultInterfaceMethod,

    /// <summary>A static member in an interface.</summary>
    StaticInterfaceMember,

    /// <summary>System.ValueTuple.</summary>
    Tuple,

    /// <summary>`stackalloc`.</summary>
    StackAllocation,

    /// <summary>A pointer or function pointer in a signature or a local.</summary>
    Pointer,

    /// <summary>A pinned local: `fixed`.</summary>
    PinnedLocal,

    /// <summary>`volatile`: the interpreter skips the prefix and the device's compiler lacks the modifier type.</summary>
    VolatileAccess,

    /// <summary>An opcode that the interpreter lists as unsupported.</summary>
    UnsupportedOpcode,

    /// <summary>A [MethodImpl] option that the device's enumeration lacks.</summary>
    MethodImplOption,

    /// <summary>A string literal with a NUL: the device's string table ends it there, in silence.</summary>
    NulInString,

    /// <summary>A type that one of the two generations lacks.</summary>
    AbsentType,

    /// <summary>A method or field that one of the two generations lacks.</summary>
    AbsentMember,

    /// <summary>A type of ours that the device has in no assembly it loads here: of the authoring or the shims, or of the parts where the project does not refer to them.</summary>
    UnloadedType,
}
