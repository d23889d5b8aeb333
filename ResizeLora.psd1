@{
    RootModule           = 'bin/ResizeLora.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = 'b1f7a2d4-5c0e-4f7b-9a56-3f0f6d1c8e21'
    Author               = 'ResizeLora contributors'
    Copyright            = '(c) ResizeLora contributors. MIT licence.'
    Description          = 'Makes LoRA adapters of diffusion models several times smaller with little loss: scores every singular value against the base checkpoint, keeps what matters, writes a smaller LoRA.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('ResizeLora.Format.ps1xml')
    CmdletsToExport      = @(
        'Get-LoraInfo'
        'Get-LoraSpectrum'
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
            Tags         = @('LoRA', 'safetensors', 'SDXL', 'StableDiffusion', 'SVD', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'First version: the whole job for SDXL. All changes are in CHANGELOG.md, which comes with the module.'
        }
    }
}
