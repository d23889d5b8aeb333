namespace ResizeLora.Core.Tests.Interruption;

/// <summary>What may happen to an input while it is worked on.</summary>
public enum InputAttack
{
    /// <summary>Its end is cut off.</summary>
    Shrinks,

    /// <summary>Something is appended.</summary>
    Grows,

    /// <summary>Another LoRA of the same header is written over it.</summary>
    IsRewritten,

    /// <summary>A byte of a layer is changed and the time of writing set back.</summary>
    HasALayerEdited,

    /// <summary>A byte of a tensor that is no layer's is changed and the time of writing set back.</summary>
    HasAnotherTensorEdited,

    /// <summary>Another LoRA of the same header and time is moved to its place.</summary>
    IsReplaced,

    /// <summary>It is deleted.</summary>
    Vanishes,

    /// <summary>There is a folder of its name.</summary>
    BecomesAFolder,
}
