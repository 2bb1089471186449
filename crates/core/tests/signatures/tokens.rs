//! A signature of each algorithm that RFC 7515 has no example of, for every checker of signatures alike.

/// The public half of the RSA key below.
const RSA: &str = r#"{"kty":"RSA","n":"txTnnzHznl6AgBzb0UHsdfusKXEavLKk08Z6_f6vsmg13WojMBuFIApHO6V8dTUQC3_0V86T-F_t9a4OzzgU5jMfaQ-Zw5Cuxj7o5JtRBQGTQCatKMQesCwKM7D_mQeiNmTon97B4vA6LHJAYpivt_cUbwo4E1gUoL6qRr6bVXSfKEK8HDpZCNnmdAvHZzWCzaPu2pOUMWf-CTpeKJJ4lJwMephtO1RieinHRlxKTLoUhl_X65vKPBJZQvr1eU27KrlfUPh_-Rmr31RGdPFwXM2EQdACDExc7eZg0gndXAK3l4sXcAcOGqnPzEF7j6B7mHzrPybfs5UoTDqXbB37ow","e":"AQAB"}"#;

/// Name, key and token. That of EdDSA is the example of RFC 8037 Appendix A.4; the others were made with OpenSSL.
pub(crate) const TOKENS: [(&str, &str, &str); 8] = [
    (
        "EdDSA",
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
    (
        "ES384",
        r#"{"kty":"EC","x":"Kb25S8k80YzDba0f10z3d-d9BlS_5ZJwCbOC3vPOQNrE32IyWj4c98Dd4dJKoDe6","y":"ky8AXGqKCNbOT7YBQAvanotjewVFT3_h1otroGEMrJh-d99DYa4hyrn9nK_nfAtn","crv":"P-384"}"#,
        "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJ0ZXNzIn0.Sz1badPPgirGgiwYuuu6gw-0wA-Jq8ZjRWK2gZtvA1b7ew0dFWXIYQH-fW7oAjO6AoJpk9ISCcq5iZYWCPf1_bZsS7IZDnGHjrNGrV2x7FEd5-GjM0vQhoW2aiPZrSIt",
    ),
    (
        "ES512",
        r#"{"kty":"EC","x":"AO1EkuDIhxH3zBIozfBXVZ8fWhLYCIedlseoQX78f2EMVSY0GolJPQ_xxKnbCgx4P--ZbPG7IynJQSVlz-kt4DSm","y":"AM16aoCGSP7rPMxN8POlIUJ3JUsIrDsdaR-O_bTg_EMh5Mq7ybnITBVn6uAOoHChthzEQ_pQVgMEvN8zxv1Z_AMv","crv":"P-521"}"#,
        "eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiJ0ZXNzIn0.AI75Z0ZIoAe4ek-EGbZz2SD-g6CkKvTQU-_9HhoHznMUEZwQNZNXLHzP6NA2dfIqmdHXdmqXzMSGmD1Cab2OOlbdAWgwait0nq2eRIPdbiWW-8HLW1Xy7wxTFC96jKIKv2pR9FJmPXFZT-to9c5DrLTSTA8FDqLyrxxFC_JEElVyS9cL",
    ),
    (
        "RS384",
        RSA,
        "eyJhbGciOiJSUzM4NCJ9.eyJzdWIiOiJ0ZXNzIn0.dGHu60E1NplUfl09jGkBfP-r-PB_mt1ee-UWcMi60WBkV8jaoYcQNIBtiVRQurySvu-ome8tS7uSPXyoa7wMOjmrD36v5SbEKtc3dlLEjFyZGBvUG7fZP7yCcBB4_mrNnp9DXTifR5lMP5j23nUydx1WazcG85QdEnNXWLv_2kQ__3gkNJWCaeXwogpJlIKOUryDKXdTwVwjAUv_H1aSQLWPyFUPhNPg6otRUgrZVGzdPo047hqSAtUSPJhf5nlgvNyZQRl9efQpCBfWHGp6_JZK9p-NFwVm_YMnHcFAtxjtvXgme4N_JcQ4YSe2rtDRFdFT6utQd4nikRG4c6K0sQ",
    ),
    (
        "RS512",
        RSA,
        "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJ0ZXNzIn0.UMBA4JJKtOyZusXrAsiGATOBDSHFJ7Fv2M-04qRXv5ASttCEe7Uf-JE4G4yc-gOACgAlK8EQKIpd0V_Piva2kAbcs2FinG55FesLpr84k7cEcx0CwfLiBEsnZcc_oiKPt25w0k7qZ5TXD-Zg6bsYCW1m6c04266P8ykf4L8SdccmltvwaT1gGOrbeZqmjruai9ZgEgOMYZ_gHnLsjn5VtaIDspBwxHcUMxrRbxdEbEyqAVrg3SetSn5FAe0NHnDcidetXSP6KArr45xf-EQP97rTc5IcsOX1gt7ApMzohl7B7fgwZNnlqTyhZTNFsSJvXUsAmjn1kATARpsqLEW0eg",
    ),
    (
        "PS256",
        RSA,
        "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJ0ZXNzIn0.JiO04TlSOxEsGbbDrAYFWIeY_2kwPN5Ft5e_jHN56KQPEvHNsXv_vFqsasr0hzPg6FtX1Dcfhyyo00v-wd13Bn4jX_vrd5QurTMDqNXI7jPlu3LLsCN-m5g7H2XvHhTla45Pe5ZvBYKJJvWAndcx6OquAy11oe3MuPzv-1jCpXHnsVd1K61AFOteTQ2itO10eIuxvPsu1C89_RiLmhgC_FRGmZlhkiE9Bt_-LRnMJdkBgd4aN1wK4nHqTsyw7g_f1Qs93BOK0dQ09DUMCAKx3skzM1OSosex79lSEXo-F9-Ess-W24NTVsLd5tmVjUJU6KItQ4IGeN5VpJx9t7XGJg",
    ),
    (
        "PS384",
        RSA,
        "eyJhbGciOiJQUzM4NCJ9.eyJzdWIiOiJ0ZXNzIn0.R54GtGaJk1rEGq_j4em6DynD7fULLVi6dcFBtnzrfdJgHBsOXtjbClr5KwPOpiVUbpnCCi1HBw8YhAGlwX5JOzNVhiuRxRoX2t5hfG5tDYgsDHyExZ0G-GW4gFG7BGerZP-3XxAxdixeus32DHFJ_tMhBULYSnNfXZzCRsduJHzGjxBLO6pv1sZad2MzhRQ0fFt3DvgstMlsv-hOwHhAO4WLGHHGclgMhRguMg-OcZ397xzh-SHjRVCIo3VCFvWaEZriJBVXVzOfqM9pYrePXKwVSSq3Gg9yWdtU0l_ZrW2aHEigOQv3eUoD9K3QehV2aZ6qhND7dpMVljAwaN8olg",
    ),
    (
        "PS512",
        RSA,
        "eyJhbGciOiJQUzUxMiJ9.eyJzdWIiOiJ0ZXNzIn0.Rsfd8jVvJOPnyAb6f0jShe0-4G-P3kHo7XH77igAG6SQqce6_NXmot02GSpRMLC-OTp8TybBslmfF5rl6guJCXbHkE1f5HN-Gsb6icsQJMt7uxkBiEW0sb2DMYlAyZzo1sXImLQJGGuctlGEd6z_svX5Zpf8ikiTM07kw_DzzjpPn9lG64EsmjQG_Wri1134CdjQbnK6V4WlOw0eJx6kGrgaFAAvE6MkewE1fwxs4O_w3wampUj6RqyWno0QDFIMqL059irVgLCBoFQ8ho8c1AEI7FsFbCwQeSB0W3Yx-d-f_OktZfbDP_Qk76aQMJh3NRjQLfrqu3CQMLm7lMNGvA",
    ),
];
