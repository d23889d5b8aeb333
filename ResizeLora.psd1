@{
    RootModule           = 'bin/ResizeLora.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = 'b1f7a2d4-5c0e-4f7b-9a56-3f0f6d1c8e21'
    Author               = 'ResizeLora contributors'
    Copyright            = '(c) ResizeLora contributors. MIT licence.'
    Description          = 'Makes LoRA adapters for diffusion models several times smaller with little loss: scores each singular value against the base model, keeps the values that matter and writes a smaller LoRA.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('ResizeLora.Format.ps1xml')
    TypesToProcess       = @('ResizeLora.Types.ps1xml')
    CmdletsToExport      = @(
        'Get-LoraInfo'
        'Get-LoraSpectrum'
        'Compare-Lora'
        'New-ResizeRecipe'
        'Invoke-LoraResize'
        'Get-SpectralNormCache'
        'Clear-SpectralNormCache'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @('Resize-Lora')
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('LoRA', 'safetensors', 'SDXL', 'StableDiffusion', 'Flux', 'PEFT', 'SVD', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
            ProjectUri   = 'https://github.com/ResizeLora/ResizeLora'
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'CHANGELOG.md, which comes with the module, lists what has changed in each version.'
        }
    }
}
